import { describe, expect, it, onTestFinished } from "vitest";
import { createApi } from "../../src/api/create-api.ts";
import { Secret } from "../../src/core/config/secret.ts";
import { silentLog } from "../../src/core/log.ts";
import { GOLD, openSubscriberStage, STAGE_FEEDS } from "../support/subscriber-stage.ts";
import { startWebhookReceiver } from "../support/webhook-receiver.ts";

const TOKEN = "correct horse battery staple".replaceAll(" ", "-");
const SESSION = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
const WEBHOOK = `wh_${SESSION}`;

const open = async (options: Parameters<typeof openSubscriberStage>[0] = {}, token = true) => {
  const stage = await openSubscriberStage(options);
  const api = createApi({
    fabric: stage.fabric,
    log: silentLog,
    token: token ? new Secret(TOKEN) : null,
  });
  const url = await api.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => api.close());
  const send = async (method: string, path: string, body?: unknown, headers: object = {}) => {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(token ? { authorization: `Bearer ${TOKEN}` } : {}),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const json = JSON.parse(text) as { error?: { code: string } };
    return { status: answer.status, code: json.error?.code ?? null, json, text };
  };
  return { stage, send, url };
};

const ROUTES = [
  ["GET", "/v1/subscriptions"],
  ["GET", "/v1/subscriptions/s"],
  ["PUT", "/v1/subscriptions/s"],
  ["DELETE", "/v1/subscriptions/s"],
  ["POST", "/v1/subscriptions/s/session"],
  ["POST", "/v1/subscriptions/s/renew"],
  ["POST", "/v1/subscriptions/s/release"],
  ["POST", "/v1/subscriptions/s/pull"],
  ["POST", "/v1/subscriptions/s/ack"],
  ["POST", "/v1/subscriptions/s/seek"],
  ["GET", "/v1/webhooks"],
  ["POST", "/v1/webhooks"],
  ["GET", `/v1/webhooks/${WEBHOOK}`],
  ["DELETE", `/v1/webhooks/${WEBHOOK}`],
  ["POST", `/v1/webhooks/${WEBHOOK}/rotate`],
  ["POST", `/v1/webhooks/${WEBHOOK}/resume`],
  ["GET", `/v1/webhooks/${WEBHOOK}/calls`],
  ["POST", `/v1/webhooks/${WEBHOOK}/replay`],
  ["POST", `/v1/feeds/${GOLD}/requests`],
] as const;

describe("who may", () => {
  it.each(ROUTES)(
    "%s %s: nobody on a host without a token, nor with a wrong one",
    async (method, path) => {
      const without = await open({}, false);
      const body = method === "POST" || method === "PUT" ? {} : undefined;
      expect(await without.send(method, path, body)).toMatchObject({
        status: 403,
        code: "API_READ_ONLY",
      });
      const { send, stage } = await open();
      for (const authorization of ["", "Bearer wrong", `bearer${TOKEN}`, `Basic ${TOKEN}`])
        expect(await send(method, path, body, { authorization })).toMatchObject({
          status: 401,
          code: "API_UNAUTHORIZED",
        });
      expect(stage.runs).toEqual([]);
      expect(await stage.client.subscriptions.list()).toEqual([]);
      expect(await stage.client.webhooks.list()).toEqual([]);
    },
  );
});

describe("bodies", () => {
  it.each([
    ["no JSON", "{"],
    ["a number", "5"],
    ["nothing", ""],
    ["null", "null"],
    ["a list", "[]"],
    ["another key", { feeds: [GOLD], from: { kind: "now" }, admin: true }],
    ["a prototype", '{"feeds":["xau-usd"],"__proto__":{"kind":"now"}}'],
    ["a constructor", '{"feeds":["xau-usd"],"constructor":{"prototype":{}}}'],
    ["no feeds", { feeds: [] }],
    ["too many feeds", { feeds: Array.from({ length: 257 }, (_, index) => `f-${index}`) }],
    ["a feed that reaches elsewhere", { feeds: ["../../etc/passwd"] }],
    ["a start of no kind", { feeds: [GOLD], from: "now" }],
    ["a time without end", { feeds: [GOLD], from: { kind: "time", time: 1e300 } }],
    [
      "a round that is no number",
      { feeds: [GOLD], from: { kind: "round", feed: GOLD, round: 1.5 } },
    ],
  ])("with %s are refused", async (_what, body) => {
    const { send, stage } = await open();
    const { status, code } = await send("PUT", "/v1/subscriptions/s", body);
    expect([400, 413]).toContain(status);
    expect(["API_REQUEST_INVALID", "API_REQUEST_MALFORMED", "API_BODY_REFUSED"]).toContain(code);
    expect(await stage.client.subscriptions.list()).toEqual([]);
  });

  it("of another type or above the limit are refused, and nowhere else taken at all", async () => {
    const { send } = await open();
    const feeds = { feeds: [GOLD] };
    const type = { "content-type": "text/plain" };
    expect(await send("PUT", "/v1/subscriptions/s", feeds, type)).toMatchObject({ status: 413 });
    const huge = JSON.stringify({ ...feeds, padding: "x".repeat(40_000) });
    expect(await send("PUT", "/v1/subscriptions/s", huge)).toMatchObject({
      code: "API_BODY_REFUSED",
    });
    expect(
      await send("POST", `/v1/feeds/${GOLD}/requests`, {}, { "idempotency-key": "k" }),
    ).toMatchObject({
      code: "API_BODY_REFUSED",
    });
  });
});

describe("names, keys and ids", () => {
  it.each(["..", "a/b", "%2e%2e%2f", "a b", "x".repeat(65), "%00", "-a", "é"])(
    "a subscription is never called %j",
    async (name) => {
      const { send, stage } = await open();
      const answer = await send("PUT", `/v1/subscriptions/${encodeURIComponent(name)}`, {
        feeds: [GOLD],
      });
      expect([400, 404]).toContain(answer.status);
      expect(await stage.client.subscriptions.list()).toEqual([]);
    },
  );

  it.each([undefined, "", "with space", "x".repeat(201), "tab\tkey"])(
    "%j is no key of a request",
    async (key) => {
      const { send, stage } = await open();
      const headers = key === undefined ? {} : { "idempotency-key": key };
      const answer = await send("POST", `/v1/feeds/${GOLD}/requests`, undefined, headers);
      expect(answer).toMatchObject({ status: 400, code: "REQUEST_KEY_INVALID" });
      expect(stage.runs).toEqual([]);
    },
  );

  it.each(["maxAgeMs=-1", "maxAgeMs=1e9", "waitMs=60001", "waitMs=x", "force=1"])(
    "a request with %s is refused",
    async (query) => {
      const { send, stage } = await open();
      const headers = { "idempotency-key": "k" };
      const answer = await send("POST", `/v1/feeds/${GOLD}/requests?${query}`, undefined, headers);
      expect(answer).toMatchObject({ code: "API_REQUEST_INVALID" });
      expect(stage.runs).toEqual([]);
    },
  );

  it("a session that was guessed reads, acknowledges and releases nothing", async () => {
    const { stage, send } = await open();
    await stage.commit(GOLD);
    await stage.fabric.subscriptions.ensure({
      name: "s",
      feeds: STAGE_FEEDS,
      from: { kind: "beginning" },
    });
    const { session } = await stage.fabric.subscriptions.open("s", "one");
    for (const [what, body] of [
      ["pull", { session: SESSION }],
      ["renew", { session: SESSION }],
      ["ack", { session: SESSION, position: 1 }],
    ] as const)
      expect(await send("POST", `/v1/subscriptions/s/${what}`, body)).toMatchObject({
        status: 409,
        code: "SUBSCRIPTION_LOST",
      });
    expect(await send("POST", "/v1/subscriptions/s/release", { session: SESSION })).toMatchObject({
      status: 200,
    });
    expect((await stage.client.subscriptions.get("s")).consumer).toBe("one");
    expect((await stage.client.subscriptions.get("s")).position).toBe(0);
    for (const position of [-1, 1.5, "1", 2 ** 53])
      expect(await send("POST", "/v1/subscriptions/s/ack", { session, position })).toMatchObject({
        code: "API_REQUEST_INVALID",
      });
    expect(await send("POST", "/v1/subscriptions/s/ack", { session, position: 99 })).toMatchObject({
      code: "SUBSCRIPTION_ACK_AHEAD",
    });
  });
});

describe("webhooks", () => {
  it.each([
    "http://127.0.0.1/",
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://169.254.169.254/latest/meta-data/iam",
    "https://user:hunter2@example.com/",
    "file:///etc/passwd",
    "https://2130706433/",
    "https://example.com/#x",
    "not a url",
  ])("are never added for %s", async (url) => {
    const { stage, send } = await open();
    const { code, text } = await send("POST", "/v1/webhooks", { url, feeds: [GOLD] });
    expect(["WEBHOOK_URL_REFUSED", "HTTP_PRIVATE_ADDRESS"]).toContain(code);
    expect(text).not.toContain("hunter2");
    expect(await stage.client.webhooks.list()).toEqual([]);
  });

  it("show their secret once, and it is in no table, list or call", async () => {
    const receiver = await startWebhookReceiver();
    const webhooks = { allowPrivateAddresses: true, caFile: receiver.caFile };
    const { stage, send } = await open({ config: { webhooks } });
    const added = await send("POST", "/v1/webhooks", { url: receiver.url, feeds: [GOLD] });
    const { id, secret } = added.json as unknown as { id: string; secret: string };
    await stage.commit(GOLD);
    const [call] = await receiver.inbox.until(1);
    for (const path of ["/v1/webhooks", `/v1/webhooks/${id}`, `/v1/webhooks/${id}/calls`])
      expect((await send("GET", path)).text).not.toContain(secret.slice(6, 20));
    expect(JSON.stringify([call?.headers, call?.body])).not.toContain(secret.slice(6, 20));
    const rows = await stage.store.db.selectFrom("webhooks").selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(secret.slice(6, 20));
  });

  it("refuse a description that steers a terminal", async () => {
    const { send } = await open();
    const description = "\u001b[2Jgone";
    const body = { url: "https://example.com/", feeds: [GOLD], description };
    expect(await send("POST", "/v1/webhooks", body)).toMatchObject({ code: "API_REQUEST_INVALID" });
  });
});
