import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { createFabricClient } from "../../src/client/fabric-client.ts";
import { createSseParser } from "../../src/client/sse-parser.ts";

// A fabric that wants to keep its reader's process busy, or full, or to have it ask somebody else.

const serve = async (listener: RequestListener): Promise<string> => {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

describe("a stream of events", () => {
  it("costs no more time in single characters than in one piece", () => {
    const text = `data: ${"x".repeat(1_000_000)}\n\n`;
    const parser = createSseParser();
    const events = Array.from(text, (letter) => parser.push(letter)).flat();
    expect(events).toEqual([{ event: "message", data: "x".repeat(1_000_000), id: "" }]);
  }, 10_000);

  it("ends with an event above 4 MiB, in whatever parts it comes", () => {
    const line = "data: " + "x".repeat(1_000) + "\n";
    const read = (part: string) => () => {
      const parser = createSseParser();
      for (let size = 0; size < 5 * 1_024 * 1_024; size += part.length) parser.push(part);
    };
    for (const part of [line, "x".repeat(65_536)]) expect(read(part)).toThrow(RangeError);
  });
});

describe("an address that a fabric answers with", () => {
  it("is asked nothing, whatever the question was", async () => {
    const asked: string[] = [];
    const inside = await serve((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.end("{}");
    });
    for (const status of [301, 302, 303, 307, 308]) {
      const url = await serve((_request, response) => {
        response.writeHead(status, { location: `${inside}/latest/meta-data` }).end();
      });
      const client = createFabricClient({ url, token: "a token", timeoutMs: 5_000 });
      const { signal } = new AbortController();
      const questions = [
        () => client.feeds.list(),
        () => client.webhooks.add({ url: "https://example.com/hook", feeds: ["xau-usd"] }),
        () => client.feeds.watch("xau-usd", { signal })[Symbol.asyncIterator]().next(),
      ];
      for (const question of questions)
        await expect(question()).rejects.toMatchObject({ code: "CLIENT_UNREACHABLE" });
    }
    expect(asked).toEqual([]);
  });
});

describe("a fabric that answers before there is anything to say", () => {
  it("is not asked without end", async () => {
    let questions = 0;
    const url = await serve((request, response) => {
      questions += 1;
      const path = request.url ?? "";
      response.setHeader("content-type", "application/json");
      const session = { session: "s", leaseMs: 3_600_000, position: 0 };
      const known = {
        name: "s",
        feeds: ["xau-usd"],
        position: 0,
        waiting: 0,
        createdAt: 0,
        acknowledgedAt: null,
        consumer: null,
        heldUntil: null,
      };
      const requested = { status: "running", made: false, round: null };
      const answer = path.endsWith("/session")
        ? session
        : path.endsWith("/pull")
          ? { events: [] }
          : path.includes("/requests")
            ? requested
            : known;
      response.end(JSON.stringify(answer));
    });
    const client = createFabricClient({ url, token: "a token" });
    // The first questions come at once, then one after 100, 300 and 1,000 ms.
    const signal = AbortSignal.timeout(700);
    const subscription = await client.subscribe({ name: "s", feeds: ["xau-usd"], signal });
    const read = subscription[Symbol.asyncIterator]().next();
    const requested = client.request("xau-usd", { signal }).catch((error: unknown) => error);
    await Promise.all([read, requested]);
    expect(questions).toBeGreaterThan(6);
    expect(questions).toBeLessThan(20);
  });
});
