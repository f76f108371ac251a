import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";

import { fabricError } from "../core/errors/fabric-error.ts";
import { toWire } from "../core/errors/wire.ts";
import { createFabricClient } from "./fabric-client.ts";

const round = (number: number) => ({
  feed: "xau-usd",
  feedHash: `0x${"ab".repeat(32)}`,
  round: number,
  answer: "-265010000000",
  value: { kind: "decimal", text: "-2650.10", decimals: 8, unit: "USD" },
  observedAt: 1_700_000_000_000,
  issuedAt: 1_700_000_000_500,
  validUntil: 1_700_000_600_000,
  mode: "EMULATED",
  simulated: true,
  envelopeDigest: `sha256:${"cd".repeat(32)}`,
  deliveries: [],
});

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const serve = async (
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> => {
  const server = createServer(answer);
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
};

const serveJson = (body: unknown, status = 200): Promise<string> =>
  serve((_request, response) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });

describe("createFabricClient", () => {
  it("reads the latest round and drops fields of a later version", async () => {
    const url = await serveJson({ ...round(3), addedLater: true });
    const latest = await createFabricClient({ url }).feeds.latest("xau-usd");
    expect(latest).toEqual(round(3));
  });

  it("asks below the path of its url", async () => {
    const paths: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      paths.push(request.url);
      response.end(JSON.stringify({ rounds: [round(2), round(1)] }));
    });
    const rounds = await createFabricClient({ url: `${url}/fabric` }).feeds.rounds("xau-usd", {
      limit: 2,
      before: 3,
    });
    expect(rounds.map((r) => r.round)).toEqual([2, 1]);
    expect(paths).toEqual(["/fabric/v1/feeds/xau-usd/rounds?limit=2&before=3"]);
  });

  it("gives back the coded error of the API", async () => {
    const wire = toWire(fabricError("FEED_UNKNOWN", { feed: "nope" }));
    const url = await serveJson({ error: wire }, 404);
    await expect(createFabricClient({ url }).feeds.get("nope")).rejects.toMatchObject({
      code: "FEED_UNKNOWN",
      arguments: { feed: "nope" },
    });
  });

  it.each([
    ["not JSON", "<html>", 200, "CLIENT_ANSWER_INVALID"],
    ["another shape", { hello: 1 }, 200, "CLIENT_ANSWER_INVALID"],
    ["a float as the answer", { ...round(1), answer: "1.5" }, 200, "CLIENT_ANSWER_INVALID"],
    ["a refusal without a code", "no", 404, "CLIENT_REFUSED"],
    ["a broken gateway", "bad gateway", 502, "CLIENT_UNREACHABLE"],
  ])("codes %s", async (_what, body, status, code) => {
    const url = await serveJson(body, status);
    await expect(createFabricClient({ url }).feeds.latest("xau-usd")).rejects.toMatchObject({
      code,
    });
  });

  it("stops reading an answer that does not end", async () => {
    const url = await serve((_request, response) => {
      const more = () => {
        while (response.write("x".repeat(1 << 20)));
        response.once("drain", more);
      };
      more();
    });
    await expect(createFabricClient({ url }).feeds.list()).rejects.toMatchObject({
      code: "CLIENT_ANSWER_INVALID",
    });
  });

  it("gives up on a server that says nothing", async () => {
    const url = await serve(() => {});
    await expect(createFabricClient({ url, timeoutMs: 100 }).feeds.list()).rejects.toMatchObject({
      code: "CLIENT_UNREACHABLE",
    });
  });

  it("codes a closed port", async () => {
    await expect(createFabricClient({ url: "http://127.0.0.1:1" }).health()).rejects.toMatchObject({
      code: "CLIENT_UNREACHABLE",
    });
  });

  it("rejects with the caller's own reason", async () => {
    const url = await serve(() => {});
    const reason = new Error("enough");
    await expect(
      createFabricClient({ url }).feeds.list({ signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
  });

  it("reads the health of a host that is not well", async () => {
    const url = await serveJson({ ok: false, parts: { bus: { ok: false, detail: "gone" } } }, 503);
    await expect(createFabricClient({ url }).health()).resolves.toMatchObject({ ok: false });
  });

  it("never sends a name that could reach into another path", async () => {
    const client = createFabricClient({ url: "http://127.0.0.1:1" });
    await expect(client.feeds.get("../health")).rejects.toMatchObject({ code: "FEED_UNKNOWN" });
    await expect(client.envelopes.bundle("sha256:../x")).rejects.toMatchObject({
      code: "ENVELOPE_UNKNOWN",
    });
  });
});

const event = (number: number) =>
  `event: round\nid: ${number}\ndata: ${JSON.stringify(round(number))}\n\n`;

describe("feeds.watch", () => {
  it("goes on after the last round over a lost connection, each round once", async () => {
    const asked: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      asked.push(request.headers["last-event-id"]?.toString());
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("retry: 1\n\n");
      if (asked.length === 1) {
        response.write(event(4) + event(5).slice(0, 30), () => response.destroy());
        return;
      }
      response.write(event(4) + event(5) + event(6));
    });
    const stop = new AbortController();
    const seen: number[] = [];
    const watch = createFabricClient({ url }).feeds.watch("xau-usd", {
      afterRound: 3,
      signal: stop.signal,
    });
    for await (const { round: number } of watch) {
      seen.push(number);
      if (number === 6) stop.abort();
    }
    expect(seen).toEqual([4, 5, 6]);
    expect(asked).toEqual(["3", "4"]);
  });

  it("reports a host that was never there", async () => {
    const watch = createFabricClient({ url: "http://127.0.0.1:1" }).feeds.watch("xau-usd", {
      signal: new AbortController().signal,
    });
    await expect(watch[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: "CLIENT_UNREACHABLE",
    });
  });

  it("refuses an event that is no round", async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write('event: round\ndata: {"round":"7"}\n\n');
    });
    const watch = createFabricClient({ url }).feeds.watch("xau-usd", {
      signal: new AbortController().signal,
    });
    await expect(watch[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: "CLIENT_ANSWER_INVALID",
    });
  });
});
