import { plainTranscript } from "../support/plain-transcript.ts";
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildPackage } from "../../enclave-sim/host/build-package.ts";
import type { LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import { cryptlet } from "../../cryptlets/gold-price/src/main.ts";
import { createRunId, cryptletIdSchema, feedIdSchema } from "../../src/core/ids.ts";
import { computeFeedHash } from "../../src/envelope/feed-hash.ts";
import {
  startProviderEmulator,
  type ProviderEmulator,
} from "../../src/emulator/start-provider-emulator.ts";
import type { HttpAnswer, TriggerInput } from "../../src/sdk/abi.ts";
import { testCryptlet } from "../../src/test-kit/index.ts";
import { FABRIC, startEnclave, type EnclaveFixture } from "../support/guest-fixture.ts";

const feed = feedIdSchema.parse("xau-usd");
let emulator: ProviderEmulator;
let fixture: EnclaveFixture;
let gold: LoadedCryptlet;

const triggerNow = (): TriggerInput => ({
  id: `manual:${Date.now()}`,
  kind: "manual",
  feed: "xau-usd",
  parameters: {},
  at: Date.now(),
});

beforeAll(async () => {
  emulator = await startProviderEmulator({ startPrice: "4228.00", maxStepPpm: 0 });
  fixture = await startEnclave();
  const feedHash = computeFeedHash({
    fabric: FABRIC,
    cryptlet: cryptletIdSchema.parse("gold-price"),
    feed,
    parameters: {},
  });
  gold = await fixture.load(await buildPackage("cryptlets/gold-price"), {
    sources: {
      mode: "emulated",
      address: emulator.address,
      port: emulator.port,
      caPem: emulator.caPem,
      allowPrivateAddresses: false,
    },
    feeds: [{ feed, cryptletFeed: "xau-usd", feedHash, parameters: {}, validForMs: 60_000 }],
  });
});
afterAll(async () => {
  await fixture.stop();
  await emulator.close();
});

describe("gold-price in its enclave", () => {
  it("gives in QuickJS exactly what it gives on another engine from the same answers", async () => {
    emulator.fail("bitfinex", "outlier");
    emulator.fail("coinbase", "duplicate-key");
    const trigger = triggerNow();
    const report = await gold.run(trigger, { runId: createRunId() });
    emulator.fail("bitfinex", null);
    emulator.fail("coinbase", null);
    const call = plainTranscript(report.transcript).entries.find(({ op }) => op === "http.all");
    const { ok } = JSON.parse(call?.response ?? "{}") as { ok: readonly HttpAnswer[] };
    const answers = Object.fromEntries(
      ok.flatMap((answer) => (answer.ok ? [[answer.id, answer] as const] : [])),
    );
    const elsewhere = await testCryptlet(cryptlet, { answers, at: trigger.at });
    expect(elsewhere.observation).toEqual(report.observation);
    expect(report.observation.aggregation.used).toBe(3);
  });

  it("signs provenance that matches what went over the wire", async () => {
    const runId = createRunId();
    const report = await gold.run(triggerNow(), { runId });
    const { observation } = await gold.sign({ runId, feed, round: 1, epoch: 0, previous: null });
    const call = plainTranscript(report.transcript).entries.find(({ op }) => op === "http.all");
    const { ok } = JSON.parse(call?.response ?? "{}") as { ok: readonly HttpAnswer[] };
    expect(observation.sources).toHaveLength(5);
    for (const source of observation.sources) {
      const answer = ok.find(({ id }) => id === source.id);
      const body = answer?.ok ? answer.body : "";
      expect(source).toMatchObject({
        mode: "EMULATED",
        status: 200,
        outlier: false,
        error: null,
        tls: { protocol: "TLSv1.3" },
        responseDigest: `sha256:${createHash("sha256").update(body).digest("hex")}`,
      });
    }
    expect(observation.value).toMatchObject({ text: "4228.16912000", decimals: 8 });
  });

  it("publishes nothing from two sources and says which failed", async () => {
    for (const provider of ["swissquote", "gold-api", "kraken"] as const)
      emulator.fail(provider, "never-ending");
    await expect(gold.run(triggerNow(), { runId: createRunId() })).rejects.toMatchObject({
      code: "TOO_FEW_SOURCES",
    });
    for (const provider of ["swissquote", "gold-api", "kraken"] as const)
      emulator.fail(provider, null);
    const after = await gold.run(triggerNow(), { runId: createRunId() });
    expect(after.observation.aggregation.used).toBe(5);
  });

  it("keeps schemas and other host code out of the measured bundle", async () => {
    const { bundle } = await buildPackage("cryptlets/gold-price");
    const text = new TextDecoder().decode(bundle);
    expect(text).not.toMatch(/zod|ZodError|node:|require\(/);
    expect(bundle.byteLength).toBeLessThan(80_000);
  });
});
