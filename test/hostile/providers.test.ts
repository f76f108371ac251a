import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { HttpCapability } from "../../enclave-sim/capabilities/http/http-capability.ts";
import { cryptlet } from "../../cryptlets/gold-price/src/main.ts";
import type { FaultKind } from "../../src/emulator/fault.ts";
import type { ProviderName } from "../../src/emulator/provider.ts";
import {
  startProviderEmulator,
  type ProviderEmulator,
} from "../../src/emulator/start-provider-emulator.ts";
import { emulatedCapability, readManifest, runOver } from "../support/emulated-capability.ts";

const GOLD: readonly ProviderName[] = ["swissquote", "gold-api", "kraken", "coinbase", "bitfinex"];
let emulator: ProviderEmulator;
let capability: HttpCapability;

const gold = (over: HttpCapability = capability) =>
  runOver(cryptlet, over, { feed: "xau-usd", at: Date.now() });

const failOnly = (kind: FaultKind, ...providers: readonly ProviderName[]): void => {
  for (const provider of GOLD) emulator.fail(provider, providers.includes(provider) ? kind : null);
};

beforeAll(async () => {
  emulator = await startProviderEmulator({ startPrice: "4228.00", maxStepPpm: 0 });
  capability = emulatedCapability(await readManifest("gold-price"), emulator, { timeoutMs: 1_500 });
});
afterEach(() => {
  failOnly("hang");
});
afterAll(async () => {
  await capability.close();
  await emulator.close();
});

describe("five honest providers", () => {
  it("give one price with the TLS key, the digests and the mode of each source", async () => {
    const { outcome, exchanges } = await gold();
    expect(outcome).toMatchObject({ ok: { observation: { aggregation: { used: 5 } } } });
    for (const { answer, provenance } of exchanges) {
      expect(answer).toMatchObject({ ok: true, status: 200, mode: "EMULATED" });
      expect(provenance).toMatchObject({
        mode: "EMULATED",
        status: 200,
        tls: { protocol: "TLSv1.3" },
      });
      expect(provenance.tls?.spkiSha256).toMatch(/^[0-9a-f]{64}$/);
      expect(provenance.requestDigest).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(provenance.responseDigest).toMatch(/^sha256:[0-9a-f]{64}$/);
    }
    const certificates = new Set(
      exchanges.map(({ provenance }) => provenance.tls?.certificateSha256),
    );
    expect(certificates.size).toBe(5);
  });

  it("follow the price that is set", async () => {
    emulator.setPrice("5000.00");
    const { outcome } = await gold();
    emulator.setPrice("4228.00");
    expect(outcome).toMatchObject({ ok: { observation: { value: { text: "5000.20000000" } } } });
  });
});

describe("a hostile provider costs its own source only", () => {
  const faults: readonly [FaultKind, string][] = [
    ["status-500", "SOURCE_STATUS"],
    ["html", "JSON_INVALID"],
    ["empty", "JSON_INVALID"],
    ["truncated-json", "JSON_INVALID"],
    ["not-utf8", "HTTP_ENCODING_REFUSED"],
    ["duplicate-key", "JSON_DUPLICATE_KEY"],
    ["wrong-type", "SOURCE_SHAPE"],
    ["nan", "PRICE_NOT_A_NUMBER"],
    ["negative", "PRICE_NOT_POSITIVE"],
    ["zero", "PRICE_NOT_POSITIVE"],
    ["crossed", "PRICE_CROSSED"],
    ["hang", "HTTP_TIMEOUT"],
    ["slow", "HTTP_TIMEOUT"],
    ["never-ending", "HTTP_TIMEOUT"],
    ["too-large", "HTTP_TOO_LARGE"],
    ["gzip-bomb", "HTTP_TOO_LARGE"],
    ["huge-header", "HTTP_TOO_LARGE"],
    ["cut-off", "HTTP_BROKEN"],
    ["redirect-private", "HTTP_PRIVATE_ADDRESS"],
    ["redirect-elsewhere", "HTTP_REDIRECT_REFUSED"],
    ["redirect-loop", "HTTP_REDIRECT_REFUSED"],
    ["redirect-http", "HTTP_REDIRECT_REFUSED"],
    ["wrong-certificate", "HTTP_TLS_REFUSED"],
    ["unknown-authority", "HTTP_TLS_REFUSED"],
  ];

  it.each(faults)("%s -> %s", async (fault, code) => {
    failOnly(fault, "kraken");
    const { outcome } = await gold();
    if (!("ok" in outcome)) throw new Error(outcome.error.code);
    const { observation } = outcome.ok;
    expect(observation.aggregation.used).toBe(4);
    for (const source of observation.sources)
      expect([source.id, source.error]).toEqual([source.id, source.id === "kraken" ? code : null]);
    expect(observation.sources.find(({ id }) => id === "kraken")?.extracted).toBeNull();
  });

  it("stale -> SOURCE_STALE where the source has a time", async () => {
    failOnly("stale", "swissquote", "gold-api");
    const { outcome } = await gold();
    expect(outcome).toMatchObject({
      ok: {
        observation: {
          aggregation: { used: 3 },
          sources: [{ error: "SOURCE_STALE" }, { error: "SOURCE_STALE" }, {}, {}, {}],
        },
      },
    });
  });

  it("outlier -> left out and said so", async () => {
    failOnly("outlier", "coinbase");
    const { outcome } = await gold();
    expect(outcome).toMatchObject({
      ok: {
        observation: {
          aggregation: { used: 4 },
          sources: [{}, {}, {}, { outlier: true, error: null }, {}],
        },
      },
    });
  });

  it("recovers with the next run", async () => {
    failOnly("wrong-certificate", "kraken");
    await gold();
    failOnly("hang");
    const { outcome } = await gold();
    expect(outcome).toMatchObject({ ok: { observation: { aggregation: { used: 5 } } } });
  });
});

describe("too few sources", () => {
  it("publish nothing and name the code of each", async () => {
    emulator.fail("swissquote", "too-large");
    emulator.fail("gold-api", "duplicate-key");
    emulator.fail("kraken", "wrong-certificate");
    const { outcome } = await gold();
    expect(outcome).toMatchObject({
      error: {
        code: "TOO_FEW_SOURCES",
        arguments: {
          used: "2",
          failures:
            "swissquote: HTTP_TOO_LARGE, gold-api: JSON_DUPLICATE_KEY, kraken: HTTP_TLS_REFUSED",
        },
      },
    });
  });

  it("publish nothing when every provider is down", async () => {
    const gone = await startProviderEmulator({ maxStepPpm: 0 });
    const orphan = emulatedCapability(await readManifest("gold-price"), gone, { timeoutMs: 1_500 });
    await gone.close();
    const { outcome } = await gold(orphan);
    await orphan.close();
    expect(outcome).toMatchObject({ error: { code: "TOO_FEW_SOURCES", arguments: { used: "0" } } });
  });
});

describe("a rate limit", () => {
  it("is honoured: the host is not asked again before its time, and its code says how long", async () => {
    failOnly("rate-limit", "kraken");
    const first = await gold();
    const asked = emulator.requests("kraken");
    failOnly("hang");
    const second = await gold();
    for (const { outcome } of [first, second])
      expect(outcome).toMatchObject({
        ok: { observation: { sources: [{}, {}, { error: "HTTP_RATE_LIMITED" }, {}, {}] } },
      });
    expect(emulator.requests("kraken")).toBe(asked);
    const limited = second.exchanges[2]?.answer;
    expect(
      limited?.ok === false && Number(limited.error.arguments["retryAfterMs"]),
    ).toBeGreaterThan(0);
  });
});
