import { connect } from "node:net";
import { Gauge } from "prom-client";
import { afterEach, describe, expect, it } from "vitest";
import { createFakeFabric, digestOf, type FakeFabric } from "../../test/support/fake-fabric.ts";
import { Secret } from "../core/config/secret.ts";
import { createLog, silentLog } from "../core/log.ts";
import { createApi, type Api, type ApiOptions } from "./create-api.ts";

const open: Api[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((api) => api.close()));
});

const start = async (
  options: Partial<ApiOptions> = {},
  fabric: FakeFabric = createFakeFabric(3),
) => {
  const api = createApi({ fabric, log: silentLog, ...options });
  open.push(api);
  const url = await api.listen({ host: "127.0.0.1", port: 0 });
  const get = async (path: string, init?: RequestInit) => {
    const response = await fetch(`${url}${path}`, init);
    const text = await response.text();
    return { status: response.status, headers: response.headers, text };
  };
  const json = async (path: string, init?: RequestInit) => {
    const { status, headers, text } = await get(path, init);
    return { status, headers, body: JSON.parse(text) as Record<string, unknown> };
  };
  return { api, fabric, url, get, json };
};
type Failure = { code: string; message: string; hint: string; arguments: Record<string, string> };
const errorOf = (body: Record<string, unknown>): Failure => body["error"] as Failure;

/** Everything that comes back on a bare socket after `text`. */
const raw = async (url: string, text: string): Promise<string> => {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let received = "";
  socket.on("data", (chunk: Buffer) => {
    received += chunk.toString();
  });
  socket.write(text);
  await new Promise((resolve) => socket.on("close", resolve).on("error", resolve));
  return received;
};

const NONCE = "5a".repeat(32);
const RUN = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

describe("routes", () => {
  it("answer feeds, rounds, envelopes, bundles, Cryptlets, keys and deliveries", async () => {
    const { json } = await start();
    const paths = {
      "/v1/feeds": { feeds: [{ id: "xau-usd", latestRound: 3 }] },
      "/v1/feeds/xau-usd": { id: "xau-usd", decimals: 8 },
      "/v1/feeds/xau-usd/latest": { round: 3, answer: "265000000003", mode: "EMULATED" },
      "/v1/feeds/xau-usd/rounds": {
        rounds: [{ round: 3 }, { round: 2 }, { round: 1 }],
        next: null,
      },
      "/v1/feeds/xau-usd/rounds?limit=2": { rounds: [{ round: 3 }, { round: 2 }], next: 2 },
      "/v1/feeds/xau-usd/rounds?limit=2&before=2": { rounds: [{ round: 1 }], next: null },
      "/v1/feeds/xau-usd/rounds/2": { round: 2, deliveries: [{ status: "final" }] },
      [`/v1/envelopes/${digestOf(2)}`]: { payloadType: "json" },
      [`/v1/envelopes/${digestOf(2)}?form=solabi`]: { payloadType: "solabi" },
      [`/v1/bundles/${encodeURIComponent(digestOf(2))}`]: { digest: digestOf(2) },
      "/v1/cryptlets": { cryptlets: [{ id: "gold-price", simulated: true }] },
      "/v1/cryptlets/gold-price": { id: "gold-price", evidence: { simulated: true } },
      "/v1/keys": { keys: [{ cryptlet: "gold-price", suite: "ed25519", simulated: true }] },
      "/v1/deliveries?feed=xau-usd&status=final&limit=1": { deliveries: [{ round: 3 }] },
      "/v1/deliveries?chain=local&round=2": { deliveries: [{ round: 2 }] },
      "/v1/deliveries/xau-usd-1-local": { round: 1, history: [{ subStatus: "landed" }] },
      "/v1/feeds/xau-usd/rounds/2/receipt": { outcome: "landed", landed: 1, asked: 1 },
      "/v1/dead-letters": { deadLetters: [{ reason: "SIGNATURE_INVALID" }] },
      "/v1/dead-letters?waiting=true": { deadLetters: [{ replays: 0 }] },
      "/v1/dead-letters/ROUNDS_DEMO:deliver-local:12": { sequence: 12 },
      "/v1/runs?feed=xau-usd&limit=1": { runs: [{ status: "published" }] },
      [`/v1/runs/${RUN}`]: { id: RUN, receipt: { lane: "js", wall: "none" } },
      [`/v1/runs/${RUN}/transcript`]: { runId: RUN },
      [`/v1/attestation?nonce=${NONCE}`]: { nonce: NONCE, evidence: [{ cryptlet: "gold-price" }] },
      [`/v1/attestation?nonce=${NONCE}&cryptlet=gold-price`]: { omitted: 0 },
      "/health": { ok: true, parts: { database: { ok: true } } },
      "/live": { ok: true, loops: { outbox: { ok: true } } },
    };
    for (const [path, expected] of Object.entries(paths)) {
      const { status, headers, body } = await json(path);
      expect([path, status]).toEqual([path, 200]);
      expect(headers.get("content-type")).toBe("application/json; charset=utf-8");
      expect(body).toMatchObject(expected);
    }
  });

  it("answer HEAD as GET without a body", async () => {
    const { get } = await start();
    const { status, text } = await get("/v1/feeds/xau-usd/latest", { method: "HEAD" });
    expect([status, text]).toEqual([200, ""]);
  });

  it("tell health and progress by status too", async () => {
    const fabric = createFakeFabric();
    fabric.health = async () => ({ ok: false, parts: { bus: { ok: false, detail: "gone" } } });
    fabric.liveness = () => ({ ok: false, loops: {} });
    const { json } = await start({}, fabric);
    expect(await json("/health")).toMatchObject({ status: 503, body: { ok: false } });
    expect(await json("/live")).toMatchObject({ status: 503, body: { ok: false } });
  });

  it("give metrics of this fabric's own registry", async () => {
    const fabric = createFakeFabric();
    new Gauge({ name: "test_gauge", help: "x", registers: [fabric.metrics] }).set(7);
    const { get } = await start({}, fabric);
    const { text, headers } = await get("/metrics");
    expect(text).toContain("test_gauge 7");
    expect(headers.get("content-type")).toMatch(/^text\/plain/);
  });

  it("carry security headers and no CORS, also on errors", async () => {
    const { get } = await start();
    for (const path of ["/v1/feeds/xau-usd/latest", "/v1/feeds", "/nothing", "/v1/feeds/-"]) {
      const { headers } = await get(path, { headers: { origin: "https://evil.example" } });
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("access-control-allow-origin")).toBeNull();
      expect(headers.get("x-powered-by")).toBeNull();
    }
  });
});

describe("/openapi.json", () => {
  it("describes every route, with errors", async () => {
    const { json, api } = await start();
    const { body } = await json("/openapi.json");
    expect(body).toEqual(JSON.parse(JSON.stringify(await api.openapi())));
    expect(body["openapi"]).toBe("3.1.0");
    const paths = body["paths"] as Record<string, Record<string, Record<string, unknown>>>;
    expect(Object.keys(paths).toSorted()).toEqual(
      [
        "/health",
        "/live",
        "/metrics",
        "/v1/attestation",
        "/v1/batches/{id}/{round}/proof",
        "/v1/bundles/{digest}",
        "/v1/ccip/{sender}/{data}",
        "/v1/cryptlets",
        "/v1/cryptlets/{id}",
        "/v1/deliveries",
        "/v1/dead-letters",
        "/v1/dead-letters/{id}",
        "/v1/dead-letters/{id}/replay",
        "/v1/deliveries/{id}",
        "/v1/deliveries/{id}/retry",
        "/v1/envelopes/{digest}",
        "/v1/feeds",
        "/v1/feeds/{id}",
        "/v1/feeds/{id}/at/{time}",
        "/v1/feeds/{id}/events",
        "/v1/feeds/{id}/latest",
        "/v1/feeds/{id}/requests",
        "/v1/feeds/{id}/rounds",
        "/v1/feeds/{id}/rounds/{round}",
        "/v1/feeds/{id}/rounds/{round}/receipt",
        "/v1/keys",
        "/v1/registry",
        "/v1/registry/blobs/{digest}",
        "/v1/registry/checkpoint",
        "/v1/registry/entries",
        "/v1/registry/packages/{name}",
        "/v1/registry/packages/{name}/{version}",
        "/v1/registry/proofs/consistency",
        "/v1/registry/proofs/inclusion",
        "/v1/registry/publisher-keys/{keyid}",
        "/v1/registry/publishers/{id}",
        "/v1/registry/search",
        "/v1/registry/submissions",
        "/v1/runs",
        "/v1/runs/{id}",
        "/v1/runs/{id}/transcript",
        "/v1/subscriptions",
        "/v1/subscriptions/{name}",
        "/v1/subscriptions/{name}/ack",
        "/v1/subscriptions/{name}/pull",
        "/v1/subscriptions/{name}/release",
        "/v1/subscriptions/{name}/renew",
        "/v1/subscriptions/{name}/seek",
        "/v1/subscriptions/{name}/session",
        "/v1/webhooks",
        "/v1/webhooks/{id}",
        "/v1/webhooks/{id}/calls",
        "/v1/webhooks/{id}/replay",
        "/v1/webhooks/{id}/resume",
        "/v1/webhooks/{id}/rotate",
      ].toSorted(),
    );
    // These change something, and need the token; all others only read.
    const writes: Readonly<Record<string, readonly string[]>> = {
      "/v1/subscriptions/{name}": ["delete", "get", "put"],
      "/v1/webhooks": ["get", "post"],
      "/v1/webhooks/{id}": ["delete", "get"],
    };
    const posts =
      /\/(?:retry|replay|requests|ack|pull|release|renew|seek|session|resume|rotate|submissions)$/;
    for (const [path, route] of Object.entries(paths)) {
      const verbs = writes[path] ?? [posts.test(path) ? "post" : "get"];
      expect([path, Object.keys(route).toSorted()]).toEqual([path, verbs]);
      for (const verb of verbs) {
        expect(route[verb]?.["summary"]).toEqual(expect.any(String));
        expect(route[verb]?.["responses"]).toHaveProperty(["4XX"]);
      }
    }
  });
});

describe("what is wrong", () => {
  it.each([
    ["/v1/feeds/eur-usd", 404, "FEED_UNKNOWN"],
    ["/v1/feeds/eur-usd/latest", 404, "FEED_UNKNOWN"],
    ["/v1/feeds/eur-usd/events", 404, "FEED_UNKNOWN"],
    ["/v1/feeds/xau-usd/rounds/99", 404, "ROUND_UNKNOWN"],
    [`/v1/envelopes/${digestOf(99)}`, 404, "ENVELOPE_UNKNOWN"],
    [`/v1/bundles/${digestOf(99)}`, 404, "ENVELOPE_UNKNOWN"],
    ["/v1/cryptlets/nobody", 404, "CRYPTLET_UNKNOWN"],
    ["/v1/deliveries/none", 404, "DELIVERY_UNKNOWN"],
    ["/v1/feeds/xau-usd/rounds/99/receipt", 404, "ROUND_UNKNOWN"],
    ["/v1/dead-letters/ROUNDS_DEMO:deliver-local:13", 404, "DEAD_LETTER_UNKNOWN"],
    ["/v1/dead-letters/x%20y", 400, "API_REQUEST_INVALID"],
    ["/nothing", 404, "API_ROUTE_UNKNOWN"],
    ["/v1/feeds/", 400, "API_REQUEST_INVALID"],
    ["/%", 400, "API_REQUEST_MALFORMED"],
  ])("%s answers %i %s", async (path, status, code) => {
    const { json } = await start();
    const answer = await json(path);
    expect([answer.status, errorOf(answer.body).code]).toEqual([status, code]);
    expect(Object.keys(answer.body)).toEqual(["error"]);
    expect(Object.keys(errorOf(answer.body)).toSorted()).toEqual(
      ["arguments", "code", "hint", "message"].toSorted(),
    );
  });

  it.each([
    ["/v1/feeds/NOT_A_SLUG", "path.id"],
    ["/v1/feeds/NOT_A_SLUG/latest", "path.id"],
    ["/v1/feeds/__proto__/latest", "path.id"],
    ["/v1/feeds/..%2f..%2fetc/latest", "path.id"],
    ["/v1/feeds/xau-usd/rounds/0", "path.round"],
    ["/v1/feeds/xau-usd/rounds/1e3", "path.round"],
    ["/v1/feeds/xau-usd/rounds/-1", "path.round"],
    ["/v1/feeds/xau-usd/rounds/99999999999", "path.round"],
    ["/v1/feeds/xau-usd/rounds?limit=0", "query.limit"],
    ["/v1/feeds/xau-usd/rounds?limit=101", "query.limit"],
    ["/v1/feeds/xau-usd/rounds?limit=1&limit=2", "query.limit"],
    ["/v1/feeds/xau-usd/rounds?before=x", "query.before"],
    ["/v1/feeds/xau-usd/rounds?offset=1", "offset"],
    ["/v1/feeds/xau-usd/events?after=-1", "query.after"],
    ["/v1/envelopes/sha256:xyz", "path.digest"],
    [`/v1/envelopes/${digestOf(1)}?form=xml`, "query.form"],
    ["/v1/deliveries?status=done", "query.status"],
  ])("%s answers 400 with the path %s", async (path, where) => {
    const { json } = await start();
    const { status, body } = await json(path);
    expect([status, errorOf(body).code]).toEqual([400, "API_REQUEST_INVALID"]);
    expect(errorOf(body).arguments["faults"]).toContain(where);
  });

  it("names every fault of a request at once", async () => {
    const { json } = await start();
    const { body } = await json("/v1/feeds/xau-usd/rounds?limit=x&before=y");
    expect(errorOf(body).message).toContain("query.limit");
    expect(errorOf(body).message).toContain("query.before");
  });

  it("says nothing of a failure that nobody expected, and logs it", async () => {
    const lines: string[] = [];
    const fabric = createFakeFabric();
    fabric.health = async () => {
      throw new Error("hidden-value at /srv/secret.ts:1");
    };
    const log = createLog({
      level: "error",
      destination: { write: (line) => void lines.push(line) },
    });
    const { get } = await start({ log }, fabric);
    const { status, text } = await get("/health");
    expect(status).toBe(500);
    expect(text).not.toMatch(/hidden-value|secret\.ts|stack|at /);
    expect((JSON.parse(text) as { error: Failure }).error.code).toBe("INTERNAL");
    expect(lines.join("")).toContain("hidden-value");
  });

  it("lets no client write the log with refusals that it can bring about at will", async () => {
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    const { url } = await start({
      log: createLog({ level: "info", destination }),
      streams: { streams: 0 },
    });
    const refused = await fetch(`${url}/v1/feeds/xau-usd/events`);
    expect(refused.status).toBe(503);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: "warn", code: "API_STREAMS_EXHAUSTED" },
    ]);
    expect(lines.join("")).not.toContain("stack");
  });

  it("lets no answer out that does not fit its description", async () => {
    const fabric = createFakeFabric();
    fabric.liveness = () => ({ ok: "yes" }) as never;
    const { json } = await start({}, fabric);
    const { status, body } = await json("/live");
    expect([status, errorOf(body).code]).toEqual([500, "INTERNAL"]);
  });

  it.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])("%s answers 404", async (method) => {
    const { json } = await start();
    const answer = await json("/v1/feeds", { method });
    expect([answer.status, errorOf(answer.body).code]).toEqual([404, "API_ROUTE_UNKNOWN"]);
  });

  it("reads no body", async () => {
    const { json } = await start();
    const answer = await json("/v1/feeds", { method: "POST", body: "x".repeat(10_000_000) });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(errorOf(answer.body).code).toMatch(/^API_/);
  });

  it.each([
    ["no HTTP", "hello\r\n\r\n", 400],
    [
      "two lengths",
      "GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
      400,
    ],
    [
      "headers above the limit",
      `GET / HTTP/1.1\r\nhost: a\r\nx: ${"y".repeat(20_000)}\r\n\r\n`,
      431,
    ],
    ["a header with a control character", "GET / HTTP/1.1\r\nhost: a\r\nx: \u0001\r\n\r\n", 400],
  ])("answers %s with a code", async (_, text, status) => {
    const { url, get } = await start();
    const answer = await raw(url, text);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain("API_REQUEST_MALFORMED");
    expect((await get("/live")).status).toBe(200);
  });

  it("says by code that a port is taken", async () => {
    const { url, fabric } = await start();
    const second = createApi({ fabric, log: silentLog });
    const port = Number(new URL(url).port);
    await expect(second.listen({ host: "127.0.0.1", port })).rejects.toMatchObject({
      code: "API_ADDRESS_UNAVAILABLE",
    });
    await second.close();
  });
});

describe("the token", () => {
  const token = new Secret("correct-token");

  it.each([
    undefined,
    "",
    "Bearer",
    "Bearer ",
    "Bearer wrong",
    "Bearer correct-tokenx",
    "Bearer correct-token x",
    "Basic correct-token",
    "correct-token",
  ])("refuses %j", async (authorization) => {
    const { json } = await start({ token });
    const headers = authorization === undefined ? {} : { authorization };
    for (const path of [
      "/v1/feeds",
      "/v1/feeds/xau-usd/latest",
      "/v1/feeds/xau-usd/events",
      "/metrics",
    ]) {
      const answer = await json(path, { headers });
      expect([answer.status, errorOf(answer.body).code]).toEqual([401, "API_UNAUTHORIZED"]);
      expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    }
  });

  it.each(["Bearer correct-token", "bearer correct-token"])("takes %j", async (authorization) => {
    const { get } = await start({ token });
    const { status } = await get("/v1/feeds/xau-usd/latest", { headers: { authorization } });
    expect(status).toBe(200);
  });

  it("leaves probes and the document open", async () => {
    const { get } = await start({ token });
    for (const path of ["/health", "/live", "/openapi.json"])
      expect((await get(path)).status).toBe(200);
  });
});
