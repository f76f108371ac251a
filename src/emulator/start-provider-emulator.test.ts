import { X509Certificate } from "node:crypto";
import { request } from "node:http";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Agent, fetch } from "undici";
import { EMULATOR_NAME } from "./certificate-authority.ts";
import { startProviderEmulator, type ProviderEmulator } from "./start-provider-emulator.ts";

let emulator: ProviderEmulator;
beforeAll(async () => {
  emulator = await startProviderEmulator({ maxStepPpm: 0, startPrice: "4000.00" });
});
afterAll(() => emulator.close());

const get = async (
  url: string,
  init: { method?: string; body?: string; headers?: Record<string, string> } = {},
) => {
  const { hostname } = new URL(url);
  const agent = new Agent({
    connect: {
      ca: emulator.caPem,
      servername: hostname,
      host: "127.0.0.1",
      port: emulator.port,
      lookup: (_name, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]),
    },
  });
  const target = url.replace(hostname, `${hostname}:${emulator.port}`);
  try {
    const response = await fetch(target, { ...init, dispatcher: agent });
    return {
      status: response.status,
      headers: response.headers,
      json: JSON.parse(await response.text()) as unknown,
    };
  } finally {
    await agent.close();
  }
};

describe("the emulated gold providers", () => {
  it.each([
    [
      "https://forex-data-feed.swissquote.com/public-quotes/bboquotes/instrument/XAU/USD",
      [
        {
          topo: { platform: expect.any(String) as string },
          spreadProfilePrices: expect.any(Array) as unknown[],
          ts: expect.any(Number) as number,
        },
        {},
        {},
      ],
    ],
    [
      "https://api.gold-api.com/price/XAU",
      { name: "Gold", symbol: "XAU", currency: "USD", price: 4000.16 },
    ],
    [
      "https://api.kraken.com/0/public/Ticker?pair=PAXGUSD",
      { error: [], result: { PAXGUSD: { a: ["4002.00021", "1", "1.000"], o: "4001.40000" } } },
    ],
    [
      "https://api.exchange.coinbase.com/products/PAXG-USD/ticker",
      { ask: "4002.40", bid: "4000.96", price: "4001.68" },
    ],
    [
      "https://api-pub.bitfinex.com/v2/ticker/tXAUT:USD",
      [
        3997.8, 41.30826115, 3999.8, 37.0214873, -4.1, -0.00098353, 3998.8, 212.94173551, 3999.8,
        3997.8,
      ],
    ],
  ])("%s answers in its own shape", async (url, shape) => {
    const { status, json } = await get(url);
    expect(status).toBe(200);
    expect(json).toMatchObject(shape);
  });

  it("answer 404 beside their paths", async () => {
    expect((await get("https://api.gold-api.com/price/XAG")).status).toBe(404);
    expect((await get("https://api.kraken.com/0/public/Ticker?pair=XBTUSD")).status).toBe(404);
  });

  it("follow a price that is set", async () => {
    emulator.setPrice("5000");
    expect((await get("https://api.gold-api.com/price/XAU")).json).toMatchObject({ price: 5000.2 });
    emulator.setPrice("4000.00");
  });

  it("count their requests", async () => {
    const before = emulator.requests("coinbase");
    await get("https://api.exchange.coinbase.com/products/PAXG-USD/ticker");
    expect(emulator.requests("coinbase")).toBe(before + 1);
  });
});

describe("the emulated CRM providers", () => {
  it("demand their token", async () => {
    const account =
      "https://acme.my.salesforce.com/services/data/v62.0/sobjects/Account/001D000000IqhSLIAZ?fields=Name";
    expect(await get(account)).toMatchObject({
      status: 401,
      json: [{ errorCode: "INVALID_SESSION_ID" }],
    });
    const token = await get("https://acme.my.salesforce.com/services/oauth2/token", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "grant_type=client_credentials&client_id=emulator-client&client_secret=emulator-client-secret",
    });
    const { access_token: value } = token.json as { access_token: string };
    const answer = await get(account, { headers: { authorization: `Bearer ${value}` } });
    expect(answer.json).toEqual({
      attributes: {
        type: "Account",
        url: "/services/data/v62.0/sobjects/Account/001D000000IqhSLIAZ",
      },
      Name: "A. Datum Corporation",
      Id: "001D000000IqhSLIAZ",
    });
    expect(answer.headers.get("sforce-limit-info")).toBe("api-usage=18/15000");
  });

  it("refuse wrong credentials with the code of RFC 6749", async () => {
    const refused = await get("https://login.microsoftonline.com/contoso/oauth2/v2.0/token", {
      method: "POST",
      body: "grant_type=client_credentials&client_id=x&client_secret=y",
    });
    expect(refused).toMatchObject({ status: 400, json: { error: "invalid_client" } });
  });
});

describe("its certificates", () => {
  it("say what they are, and no name of a real authority", () => {
    const authority = new X509Certificate(emulator.caPem);
    expect(authority.subject).toContain(EMULATOR_NAME);
    expect(authority.subject).toBe(authority.issuer);
    expect(authority.ca).toBe(true);
  });

  it("bear the real host name and are signed by the emulator's authority alone", async () => {
    const leaf = await new Promise<X509Certificate | undefined>((resolve, reject) => {
      const socket = connect(
        {
          host: "127.0.0.1",
          port: emulator.port,
          servername: "api.kraken.com",
          ca: emulator.caPem,
        },
        () => {
          resolve(socket.getPeerX509Certificate());
          socket.end();
        },
      );
      socket.on("error", reject);
    });
    expect(leaf?.subject).toContain(EMULATOR_NAME);
    expect(leaf?.subjectAltName).toBe("DNS:api.kraken.com");
    expect(leaf?.verify(new X509Certificate(emulator.caPem).publicKey)).toBe(true);
  });

  it("are new with every start", async () => {
    const other = await startProviderEmulator();
    expect(other.caPem).not.toBe(emulator.caPem);
    await other.close();
  });
});

describe("the control endpoint", () => {
  const call = async (
    method: string,
    path: string,
    body?: string,
    headers: Record<string, string> = { "content-type": "application/json" },
  ) => {
    const response = await fetch(`${emulator.control}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    return { status: response.status, json: await response.json() };
  };

  it("shows and changes price and faults", async () => {
    expect(await call("POST", "/price", '{"price":"4321.5"}')).toMatchObject({
      status: 200,
      json: { ok: true, data: { price: "4321.500000" } },
    });
    expect(emulator.price()).toBe("4321.500000");
    await call("POST", "/fault", '{"provider":"kraken","kind":"status-500"}');
    expect((await call("GET", "/state")).json).toMatchObject({
      data: { faults: { kraken: "status-500" } },
    });
    expect((await get("https://api.kraken.com/0/public/Ticker?pair=PAXGUSD")).status).toBe(500);
    await call("POST", "/fault", '{"provider":"kraken","kind":null}');
    expect((await call("GET", "/state")).json).toMatchObject({ data: { faults: {} } });
    await call("POST", "/price", '{"price":"4000.00"}');
  });

  it.each([
    ["POST", "/price", '{"price":4000}', 400],
    ["POST", "/price", '{"price":"-1"}', 400],
    ["POST", "/price", '{"price":"1","extra":1}', 400],
    ["POST", "/price", "{", 400],
    ["POST", "/fault", '{"provider":"nobody","kind":"slow"}', 400],
    ["POST", "/fault", '{"provider":"kraken","kind":"mood"}', 400],
    ["GET", "/price", undefined, 404],
    ["DELETE", "/state", undefined, 404],
  ] as const)("answers %s %s %s with %i", async (method, path, body, status) => {
    expect((await call(method, path, body)).status).toBe(status);
  });

  it("does not take orders from web pages", async () => {
    expect(
      (await call("POST", "/price", '{"price":"1"}', { "content-type": "text/plain" })).status,
    ).toBe(400);
    const { hostname, port } = new URL(emulator.control);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const rebound = request(
        { hostname, port, path: "/state", headers: { host: "evil.example" } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      rebound.on("error", reject);
      rebound.end();
    });
    expect(status).toBe(403);
    expect(emulator.price()).toBe("4000.000000");
  });
});
