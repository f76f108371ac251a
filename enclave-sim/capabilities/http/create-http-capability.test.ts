import { createHash, X509Certificate } from "node:crypto";
import { createServer as createTcpServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import {
  ask,
  askOne,
  capabilities,
  closeOpened,
  codeOf,
  echo,
  opened,
  start,
} from "../../../test/support/http-probe.ts";
import { startTlsServer } from "../../../test/support/tls-server.ts";
import { createHttpCapability } from "./create-http-capability.ts";
import type { Resolver } from "./resolve-host.ts";

afterEach(closeOpened);

const live = (allowPrivateAddresses: boolean) => () =>
  ({ mode: "live", allowPrivateAddresses }) as const;
const resolver =
  (...addresses: readonly string[]): Resolver =>
  () =>
    Promise.resolve(addresses);

describe("one request", () => {
  it("is answered with body, provenance and the server's key", async () => {
    const { server, capability } = await start((_, response) => {
      response.setHeader("content-type", "application/json");
      response.end('{"price":1.10}');
    });
    const { answer, provenance } = await askOne(capability, {
      url: "https://one.example.com/x?y=1",
    });
    expect(answer).toMatchObject({
      ok: true,
      reference: 1,
      mode: "EMULATED",
      status: 200,
      body: '{"price":1.10}',
      headers: { "content-type": "application/json" },
    });
    expect(provenance.responseDigest).toBe(
      `sha256:${createHash("sha256").update('{"price":1.10}').digest("hex")}`,
    );
    expect(provenance.tls?.protocol).toBe("TLSv1.3");
    // The authority's key signs; the server's own key is another one.
    const authority = new X509Certificate(server.caPem);
    const spki = authority.publicKey.export({ type: "spki", format: "der" });
    expect(provenance.tls?.spkiSha256).not.toBe(createHash("sha256").update(spki).digest("hex"));
    expect(server.seen).toEqual(["one.example.com GET /x?y=1"]);
  });

  it("names the host in SNI and Host, and sends no more headers than it must", async () => {
    const { capability } = await start(echo);
    const { answer } = await askOne(capability, { url: "https://one.example.com/" });
    const { headers } = JSON.parse(answer.ok ? answer.body : "{}") as { headers: object };
    expect(headers).toEqual({
      accept: "application/json",
      "accept-encoding": "gzip",
      connection: "keep-alive",
      host: "one.example.com",
      "user-agent": "cryptlet-fabric",
    });
  });

  it("keeps its connection for the next run", async () => {
    const { server, capability } = await start(echo);
    await askOne(capability, { url: "https://one.example.com/1" });
    const second = await askOne(capability, { url: "https://one.example.com/2" });
    expect(codeOf(second)).toBe("ok");
    expect(second.provenance.tls?.spkiSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(server.connections()).toBe(1);
  });

  it("is sent again on a fresh connection when the idle one was closed", async () => {
    const { server, capability } = await start((request, response) => {
      response.end("{}");
      response.once("close", () => request.socket.destroy());
    });
    for (const path of ["/1", "/2", "/3"])
      expect(codeOf(await askOne(capability, { url: `https://one.example.com${path}` }))).toBe(
        "ok",
      );
    expect(server.connections()).toBe(3);
  });

  it("may be a POST with a body", async () => {
    const { server, capability } = await start((request, response) => {
      request.pipe(response);
    });
    const { answer } = await askOne(capability, {
      url: "https://one.example.com/",
      method: "POST",
      body: '{"a":1}',
      headers: { "content-type": "application/json" },
    });
    expect(answer).toMatchObject({ ok: true, body: '{"a":1}' });
    expect(server.seen).toEqual(["one.example.com POST /"]);
  });
});

describe("many requests", () => {
  it("run side by side: each waits for all others to have arrived", async () => {
    const waiting: (() => void)[] = [];
    const { capability } = await start((_, response) => {
      waiting.push(() => response.end("{}"));
      if (waiting.length === 5) for (const release of waiting) release();
    });
    const urls = [1, 2, 3, 4, 5].map((n) => ({ url: `https://one.example.com/${n}` }));
    expect((await ask(capability, urls)).map(codeOf)).toEqual(["ok", "ok", "ok", "ok", "ok"]);
  });

  it("fail one by one", async () => {
    const { server, capability } = await start(echo);
    const exchanges = await ask(capability, [
      { url: "https://one.example.com/" },
      { url: "https://three.example.com/" },
      { url: "https://two.example.com/closed" },
      { url: "http://one.example.com/" },
      { url: "https://one.example.com/", id: "source-0" },
      { url: "https://one.example.com/", headers: { host: "evil" } },
    ]);
    expect(exchanges.map(codeOf)).toEqual([
      "ok",
      "HTTP_HOST_NOT_ALLOWED",
      "HTTP_HOST_NOT_ALLOWED",
      "HTTP_REQUEST_INVALID",
      "HTTP_REQUEST_INVALID",
      "HTTP_REQUEST_INVALID",
    ]);
    expect(server.seen).toHaveLength(1);
    for (const { provenance } of exchanges.slice(1))
      expect(provenance).toMatchObject({ tls: null, status: null, responseDigest: null });
  });

  it("stop at the number that the manifest allows", async () => {
    const { capability } = await start(echo);
    const urls = Array.from({ length: 9 }, (_, n) => ({ url: `https://one.example.com/${n}` }));
    expect((await ask(capability, urls)).map(codeOf).at(-1)).toBe("HTTP_TOO_MANY_REQUESTS");
  });

  it("end together when the run is aborted", async () => {
    const controller = new AbortController();
    const reason = new Error("the run is over");
    const { capability } = await start(() => controller.abort(reason));
    const asked = ask(capability, [{ url: "https://one.example.com/" }], controller.signal);
    await expect(asked).rejects.toBe(reason);
  });
});

describe("live mode", () => {
  it("does not connect to a private address that a name leads to", async () => {
    for (const answer of [["127.0.0.1"], ["169.254.169.254"], ["1.1.1.1", "::ffff:127.0.0.1"]]) {
      const { server, capability } = await start(echo, live(false), resolver(...answer));
      const exchange = await askOne(capability, { url: "https://one.example.com/" });
      expect(codeOf(exchange)).toBe("HTTP_PRIVATE_ADDRESS");
      expect(exchange.provenance.mode).toBe("LIVE");
      expect(server.connections()).toBe(0);
    }
  });

  it("trusts no authority but the system's", async () => {
    const server = await startTlsServer(echo);
    opened.push(server);
    const { http } = capabilities;
    if (!http) throw new Error("no http capability");
    const capability = createHttpCapability({
      http: { ...http, hosts: [{ host: "one.example.com", port: server.port, paths: ["/"] }] },
      secrets: [],
      secretValues: {},
      sources: { mode: "live", allowPrivateAddresses: true },
      resolver: resolver("127.0.0.1"),
    });
    opened.push(capability);
    const exchange = await askOne(capability, { url: `https://one.example.com:${server.port}/` });
    expect(codeOf(exchange)).toBe("HTTP_TLS_REFUSED");
    expect(server.seen).toEqual([]);
  });

  it("does not wait for a name server for ever", async () => {
    const { capability } = await start(echo, live(false), () => new Promise(() => {}));
    const exchange = await askOne(capability, { url: "https://one.example.com/", timeoutMs: 50 });
    expect(codeOf(exchange)).toBe("HTTP_TIMEOUT");
  });

  it("names an address that nobody listens at", async () => {
    const { server, capability } = await start(echo);
    await server.close();
    expect(codeOf(await askOne(capability, { url: "https://one.example.com/" }))).toBe(
      "HTTP_UNREACHABLE",
    );
  });
});

describe("a server that stalls in the handshake", () => {
  it("costs its source the time-out and leaves no connection behind", async () => {
    const stalled = createTcpServer();
    const closed = new Promise<void>((resolve) => {
      stalled.on("connection", (socket) => {
        socket.once("close", () => resolve());
        socket.on("error", () => {});
        // Reads and says nothing.
        socket.resume();
      });
    });
    await new Promise<void>((resolve) => {
      stalled.listen(0, "127.0.0.1", resolve);
    });
    const address = stalled.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const { capability } = await start(echo, (server) => ({
      mode: "emulated",
      address: "127.0.0.1",
      port,
      caPem: server.caPem,
      allowPrivateAddresses: false,
    }));
    const exchange = await askOne(capability, { url: "https://one.example.com/", timeoutMs: 100 });
    expect(codeOf(exchange)).toBe("HTTP_TIMEOUT");
    await closed;
    stalled.close();
  });
});
