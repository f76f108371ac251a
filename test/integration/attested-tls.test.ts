import type { RequestListener } from "node:http";
import { request } from "undici";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { connectAttested } from "../../src/attested-tls/connect-attested.ts";
import { createAttestedAgent } from "../../src/attested-tls/create-attested-agent.ts";
import { createAttestedIdentity } from "../../src/attested-tls/attested-identity.ts";
import type { AttestedPeer, PeerRules } from "../../src/attested-tls/check-peer.ts";
import {
  startAttestedHttp,
  type AttestedHttp,
  type AttestedHttpOptions,
} from "../../src/attested-tls/start-attested-http.ts";
import { silentLog } from "../../src/core/log.ts";
import { createManualClock, type ManualClock } from "../../src/core/manual-clock.ts";
import { createAttestedFixture, type AttestedFixture } from "../support/attested-fixture.ts";

const HOUR = 3_600_000;
const START = 1_800_000_000_000;
let clock: ManualClock;
let fixture: AttestedFixture;
let rules: PeerRules;
const opened: { close(): Promise<unknown> }[] = [];

beforeAll(() => {
  clock = createManualClock(START);
  fixture = createAttestedFixture(clock);
  rules = { appraiser: fixture.appraiser(), clock, maxAgeMs: HOUR };
});
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

const start = async (change: Partial<AttestedHttpOptions> = {}): Promise<AttestedHttp> => {
  const http = await startAttestedHttp({
    handler: (_request, response) => response.end("hello"),
    address: { host: "127.0.0.1", port: 0 },
    attester: fixture.attester,
    clock,
    log: silentLog,
    peers: null,
    renewMs: HOUR / 2,
    ...change,
  });
  opened.push(http);
  return http;
};
const agent = (options: Parameters<typeof createAttestedAgent>[0]) => {
  const made = createAttestedAgent(options);
  opened.push(made);
  return made;
};

describe("HTTP over attested TLS", () => {
  it.each(["age", "challenge"] as const)(
    "serves whoever accepts its evidence by %s",
    async (freshness) => {
      const http = await start();
      const peers: AttestedPeer[] = [];
      const dispatcher = agent({ rules, freshness, onPeer: (peer) => peers.push(peer) });
      for (let i = 0; i < 3; i++) {
        const { statusCode, body } = await request(http.url, { dispatcher });
        expect([statusCode, await body.text()]).toEqual([200, "hello"]);
      }
      // A connection that is kept open is appraised once.
      expect(peers.length).toBeLessThan(3);
      expect(peers[0]).toMatchObject({
        measurement: fixture.measurement,
        simulated: true,
        tlsKey: { keyid: http.identity().key.keyid },
        registration: { purpose: "ra-tls" },
      });
    },
  );

  it("gives back a socket on which nothing was lost", async () => {
    const http = await start();
    const { hostname: host, port } = new URL(http.url);
    const { socket } = await connectAttested({
      host,
      port: Number(port),
      rules,
      freshness: "challenge",
    });
    socket.write("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*hello/);
  });

  it("asks a client for evidence too, and knows it in the handler", async () => {
    const other = createAttestedFixture(clock, { cryptlet: "other-host" });
    const seen: unknown[] = [];
    const handler: RequestListener = (incoming, response) => {
      seen.push(http.peerOf(incoming.socket)?.measurement);
      response.end("mutual");
    };
    const http = await start({
      handler,
      peers: { appraiser: other.appraiser(), clock, maxAgeMs: HOUR },
    });
    const identity = await createAttestedIdentity({ attester: other.attester, clock });
    const dispatcher = agent({ rules, freshness: "challenge", identity });
    const { body } = await request(http.url, { dispatcher });
    expect(await body.text()).toBe("mutual");
    expect(seen).toEqual([other.measurement]);
  });

  it("renews key and evidence before they are too old for anybody", async () => {
    const http = await start();
    const first = http.identity().key.keyid;
    const short = { ...rules, maxAgeMs: HOUR / 2 + 1_000 };
    await clock.advance(HOUR / 2);
    while (http.identity().key.keyid === first)
      await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(HOUR / 4);
    const { body } = await request(http.url, {
      dispatcher: agent({ rules: short, freshness: "age" }),
    });
    expect(await body.text()).toBe("hello");
  });

  it("goes on under the old identity when a renewal fails, and tries again", async () => {
    let fail = false;
    const attester: AttestedHttpOptions["attester"] = {
      attest: (ask) => {
        if (fail) throw new Error("no quote today");
        return fixture.attester.attest(ask);
      },
    };
    const http = await start({ attester });
    const first = http.identity().key.keyid;
    fail = true;
    await clock.advance(HOUR / 2);
    while (clock.sleepers === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(http.identity().key.keyid).toBe(first);
    fail = false;
    await clock.advance(30_000);
    while (http.identity().key.keyid === first)
      await new Promise((resolve) => setImmediate(resolve));
  });

  it("closes while clients hold connections open", async () => {
    const http = await start();
    const { hostname: host, port } = new URL(http.url);
    const { socket } = await connectAttested({ host, port: Number(port), rules, freshness: "age" });
    const ended = new Promise((resolve) => socket.once("close", resolve));
    await http.close();
    opened.length = 0;
    expect(await ended).toBe(false);
  });
});
