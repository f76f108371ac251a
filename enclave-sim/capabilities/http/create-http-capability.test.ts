import { createHash, X509Certificate } from "node:crypto";
import { createServer as createTcpServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { HttpRequest } from "../../../src/sdk/abi.ts";
import { manifestSchema } from "../../../src/sdk/manifest.ts";
import { startTlsServer, type Handler, type TlsServer } from "../../../test/support/tls-server.ts";
import type { HttpCapability, HttpExchange, SourcesConfiguration } from "../capability.ts";
import { createHttpCapability } from "./create-http-capability.ts";
import type { Resolver } from "./resolve-host.ts";

const { capabilities } = manifestSchema.parse({
  id: "probe",
  version: "1.0.0",
  description: "A Cryptlet for tests",
  feeds: [{ id: "a", kind: "record", description: "A record", minSources: 1 }],
  capabilities: {
    http: {
      hosts: [
        { host: "one.example.com", paths: ["/"] },
        { host: "two.example.com", paths: ["/open"] },
        { host: "token.example.com", paths: ["/token"] },
      ],
      timeoutMs: 2_000,
      maxResponseBytes: 10_000,
      maxRequests: 8,
    },
    secrets: [
      { name: "KEY", hosts: ["one.example.com"] },
      { name: "CLIENT", hosts: ["token.example.com"] },
    ],
  },
});

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

const start = async (
  handler: Handler,
  sources?: (server: TlsServer) => SourcesConfiguration,
  resolver?: Resolver,
): Promise<{ server: TlsServer; capability: HttpCapability }> => {
  const server = await startTlsServer(handler);
  const emulated = {
    mode: "emulated",
    address: "127.0.0.1",
    port: server.port,
    caPem: server.caPem,
    allowPrivateAddresses: false,
  } as const;
  const { http, secrets } = capabilities;
  if (!http) throw new Error("no http capability");
  const capability = createHttpCapability({
    http,
    secrets,
    secretValues: { KEY: "k3y-of-one-host", CLIENT: "client-secret-value" },
    sources: sources?.(server) ?? emulated,
    ...(resolver ? { resolver } : {}),
  });
  open.push(capability, server);
  return { server, capability };
};

let reference = 0;
const ask = async (
  capability: HttpCapability,
  requests: readonly (Partial<HttpRequest> & { readonly url: string })[],
  signal = new AbortController().signal,
): Promise<readonly HttpExchange[]> => {
  reference = 0;
  return capability.all(
    requests.map((request, at) => ({ id: `source-${at}`, method: "GET", ...request })),
    { signal, nextReference: () => (reference += 1) },
  );
};
const askOne = async (
  capability: HttpCapability,
  request: Partial<HttpRequest> & { readonly url: string },
): Promise<HttpExchange> => {
  const [exchange] = await ask(capability, [request]);
  if (!exchange) throw new Error("no exchange");
  return exchange;
};
const codeOf = ({ answer }: HttpExchange): string => (answer.ok ? "ok" : answer.error.code);
const echo: Handler = (request, response) => {
  response.end(JSON.stringify({ path: request.url, headers: request.headers }));
};

const redirecting =
  (targets: Readonly<Record<string, string>>): Handler =>
  (request, response) => {
    const target = targets[`${request.headers.host}${request.url}`];
    if (target === undefined) {
      echo(request, response);
      return;
    }
    response.writeHead(302, { location: target });
    response.end();
  };

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

describe("redirects", () => {
  it("are followed inside the allow-list, relative ones too", async () => {
    const { server, capability } = await start(
      redirecting({
        "one.example.com/a": "/b",
        "one.example.com/b": "https://two.example.com/open/c",
      }),
    );
    expect(codeOf(await askOne(capability, { url: "https://one.example.com/a" }))).toBe("ok");
    expect(server.seen).toEqual([
      "one.example.com GET /a",
      "one.example.com GET /b",
      "two.example.com GET /open/c",
    ]);
  });

  it("carry no secret and no header of the Cryptlet to another host", async () => {
    const { capability } = await start(
      redirecting({ "one.example.com/a": "https://two.example.com/open/echo" }),
    );
    const { answer } = await askOne(capability, {
      url: "https://one.example.com/a",
      headers: { authorization: "Bearer {{secret:KEY}}", "x-own": "1" },
    });
    const { headers } = JSON.parse(answer.ok ? answer.body : "{}") as { headers: object };
    expect(Object.keys(headers).toSorted()).toEqual([
      "accept",
      "accept-encoding",
      "connection",
      "host",
      "user-agent",
    ]);
  });

  it.each([
    ["https://two.example.com/closed", "HTTP_REDIRECT_REFUSED"],
    ["https://elsewhere.example/", "HTTP_REDIRECT_REFUSED"],
    ["http://one.example.com/b", "HTTP_REDIRECT_REFUSED"],
    ["https://user:pass@one.example.com/b", "HTTP_REDIRECT_REFUSED"],
    ["https://[::1]/", "HTTP_PRIVATE_ADDRESS"],
    ["http://10.0.0.1/", "HTTP_PRIVATE_ADDRESS"],
    ["//127.0.0.1/", "HTTP_PRIVATE_ADDRESS"],
    ["https://[bad", "HTTP_REDIRECT_REFUSED"],
  ])("to %s end with %s", async (target, code) => {
    const { server, capability } = await start(redirecting({ "one.example.com/a": target }));
    expect(codeOf(await askOne(capability, { url: "https://one.example.com/a" }))).toBe(code);
    expect(server.seen).toHaveLength(1);
  });

  it("end after three, and never repeat a POST", async () => {
    const { server, capability } = await start(redirecting({ "one.example.com/a": "/a" }));
    expect(codeOf(await askOne(capability, { url: "https://one.example.com/a" }))).toBe(
      "HTTP_REDIRECT_REFUSED",
    );
    expect(server.seen).toHaveLength(4);
    const posted = await askOne(capability, {
      url: "https://one.example.com/a",
      method: "POST",
      body: "x",
    });
    expect(codeOf(posted)).toBe("HTTP_REDIRECT_REFUSED");
    expect(server.seen).toHaveLength(5);
  });
});

describe("secrets", () => {
  it("reach the host that they are bound to, in headers and body", async () => {
    let authorization = "";
    let body = "";
    const { capability } = await start((request, response) => {
      authorization = request.headers.authorization ?? "";
      request.on("data", (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on("end", () => response.end("{}"));
    });
    const exchange = await askOne(capability, {
      url: "https://one.example.com/",
      method: "POST",
      headers: { authorization: "Bearer {{secret:KEY}}" },
      body: '{"key":"{{secret:KEY}}"}',
    });
    expect([authorization, body]).toEqual(["Bearer k3y-of-one-host", '{"key":"k3y-of-one-host"}']);
    expect(JSON.stringify(exchange)).not.toContain("k3y-of-one-host");
  });

  it("reach no other host, and nothing is sent then", async () => {
    const { server, capability } = await start(echo);
    const exchange = await askOne(capability, {
      url: "https://two.example.com/open",
      headers: { authorization: "{{secret:KEY}}" },
    });
    expect(codeOf(exchange)).toBe("HTTP_SECRET_NOT_BOUND");
    expect(server.seen).toEqual([]);
  });

  it("do not come back to the Cryptlet in an answer that repeats them", async () => {
    const { capability } = await start(echo);
    const exchange = await askOne(capability, {
      url: "https://one.example.com/",
      headers: { authorization: "Bearer {{secret:KEY}}" },
    });
    expect(codeOf(exchange)).toBe("HTTP_SECRET_ECHOED");
    expect(JSON.stringify(exchange)).not.toContain("k3y-of-one-host");
  });

  it("do not come back through a message of an error", async () => {
    const { capability } = await start((_, response) => {
      response.writeHead(400);
      response.end('{"error":"client-secret-value"}');
    });
    const exchange = await askOne(capability, {
      url: "https://one.example.com/",
      auth: {
        kind: "oauth2-client-credentials",
        tokenUrl: "https://token.example.com/token",
        clientId: "id",
        clientSecret: "{{secret:CLIENT}}",
      },
    });
    expect(codeOf(exchange)).toBe("HTTP_TOKEN_REFUSED");
    expect(JSON.stringify(exchange)).not.toContain("client-secret-value");
  });
});

describe("access tokens", () => {
  const auth = {
    kind: "oauth2-client-credentials",
    tokenUrl: "https://token.example.com/token",
    clientId: "my client",
    clientSecret: "{{secret:CLIENT}}",
    scope: "a b",
  } as const;

  it("are asked for in the form of RFC 6749 and sent as RFC 6750 says", async () => {
    let form = "";
    let bearer = "";
    const { capability } = await start((request, response) => {
      if (request.url !== "/token") {
        bearer = request.headers.authorization ?? "";
        response.end("{}");
        return;
      }
      request.on("data", (chunk: Buffer) => {
        form += chunk.toString();
      });
      request.on("end", () => response.end('{"access_token":"t0ken-abc","token_type":"bearer"}'));
    });
    const exchange = await askOne(capability, { url: "https://one.example.com/", auth });
    expect(codeOf(exchange)).toBe("ok");
    expect(form).toBe(
      "grant_type=client_credentials&client_id=my+client&client_secret=client-secret-value&scope=a+b",
    );
    expect(bearer).toBe("Bearer t0ken-abc");
  });

  it.each([
    ['{"access_token":"a","token_type":"mac"}', "an unknown type"],
    ['{"access_token":"a b\\r\\nx: 1","token_type":"bearer"}', "a token that breaks the header"],
    ['{"access_token":"a","access_token":"a","token_type":"bearer"}', "a repeated key"],
    ["<html>", "no JSON"],
  ])("are refused in the answer %s: %s", async (body) => {
    const { capability } = await start((_, response) => response.end(body));
    expect(codeOf(await askOne(capability, { url: "https://one.example.com/", auth }))).toBe(
      "HTTP_TOKEN_REFUSED",
    );
  });

  it("are only fetched from hosts that the manifest allows", async () => {
    const { server, capability } = await start(echo);
    const exchange = await askOne(capability, {
      url: "https://one.example.com/",
      auth: { ...auth, tokenUrl: "https://evil.example.com/token" },
    });
    expect(codeOf(exchange)).toBe("HTTP_HOST_NOT_ALLOWED");
    expect(server.seen).toEqual([]);
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
    open.push(server);
    const { http } = capabilities;
    if (!http) throw new Error("no http capability");
    const capability = createHttpCapability({
      http: { ...http, hosts: [{ host: "one.example.com", port: server.port, paths: ["/"] }] },
      secrets: [],
      secretValues: {},
      sources: { mode: "live", allowPrivateAddresses: true },
      resolver: resolver("127.0.0.1"),
    });
    open.push(capability);
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
