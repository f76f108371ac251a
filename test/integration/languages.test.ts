import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CryptletPackage } from "../../enclave-sim/host/enclave.ts";
import { readPackage } from "../../enclave-sim/host/read-package.ts";
import { commands } from "../../src/cli/commands.ts";
import { createRunId, cryptletIdSchema, feedIdSchema } from "../../src/core/ids.ts";
import {
  startProviderEmulator,
  type ProviderEmulator,
} from "../../src/emulator/start-provider-emulator.ts";
import { canonicalJson } from "../../src/envelope/canonical-json.ts";
import { computeFeedHash } from "../../src/envelope/feed-hash.ts";
import {
  canRun,
  GOLD_MEDIAN,
  goldMedianLanguages,
  type PlayedCryptlet,
  recordedCases,
  startPlaying,
} from "../support/gold-median.ts";
import { type EnclaveFixture, FABRIC, startEnclave } from "../support/guest-fixture.ts";
import { runForTest } from "../support/run-cli.ts";

// The same Cryptlet in every language: built by the command, in its real lane, against the same answers.

const SUITE = "gold-median";
const AT = Date.now();
const cases = recordedCases();
const feed = feedIdSchema.parse("xau-usd");

let emulator: ProviderEmulator;
let fixture: EnclaveFixture;
let folder: string;
/** Canonical observation of each language from the same providers. */
const observations = new Map<string, string>();

beforeAll(async () => {
  emulator = await startProviderEmulator({ startPrice: "4228.00", maxStepPpm: 0 });
  fixture = await startEnclave();
  folder = await mkdtemp(path.join(tmpdir(), "languages-"));
});
afterAll(async () => {
  await fixture.stop();
  await emulator.close();
  await rm(folder, { recursive: true, force: true });
});

const load = (cryptlet: CryptletPackage) =>
  fixture.load(cryptlet, {
    sources: {
      mode: "emulated",
      address: emulator.address,
      port: emulator.port,
      caPem: emulator.caPem,
      allowPrivateAddresses: false,
    },
    feeds: [
      {
        feed,
        cryptletFeed: "xau-usd",
        feedHash: computeFeedHash({
          fabric: FABRIC,
          cryptlet: cryptletIdSchema.parse("gold-median"),
          feed,
          parameters: {},
        }),
        parameters: {},
        validForMs: 60_000,
      },
    ],
  });

describe.each(goldMedianLanguages())("gold-median in %s", (language) => {
  let ready = false;
  let cryptlet: CryptletPackage | undefined;
  let played: PlayedCryptlet | undefined;

  beforeAll(async () => {
    ready = await canRun(language, SUITE);
    if (!ready) return;
    const out = path.join(folder, language);
    const source = path.join(GOLD_MEDIAN, language);
    const run = await runForTest(["build", source, "--out", out, "--json"], commands);
    if (run.code !== 0) throw new Error(run.stdout + run.stderr);
    cryptlet = await readPackage(out);
    played = await startPlaying(cryptlet);
  }, 300_000);
  afterAll(async () => played?.stop());

  it.each([...cases])("%s", async (_name, recorded) => {
    if (!ready) return;
    const run = await played?.play(recorded);
    expect(canonicalJson(run?.asked)).toBe(
      canonicalJson(recorded.calls.map(({ request }) => request)),
    );
    expect(canonicalJson(run?.outcome)).toBe(canonicalJson(recorded.outcome));
    // Once more, from the same snapshot: the same work to the last instruction.
    expect((await played?.play(recorded))?.fuel).toBe(run?.fuel);
  });

  it("runs in the enclave, is replayed bit for bit, and says what every other language says", async () => {
    if (!ready || !cryptlet) return;
    emulator.fail("kraken", "duplicate-key");
    const loaded = await load(cryptlet);
    const runId = createRunId();
    const trigger = { id: "languages", kind: "manual", feed, parameters: {}, at: AT } as const;
    const report = await loaded.run(trigger, { runId });
    expect(await loaded.replay(report.transcript)).toMatchObject({ same: true, differences: [] });
    expect(report.receipt).toMatchObject({
      lane: cryptlet.manifest.lane,
      determinism: cryptlet.manifest.lane === "process" ? "host-calls-only" : "bit-for-bit",
    });
    // Only the moment of the answers is another.
    observations.set(language, canonicalJson({ ...report.observation, observedAt: 0 }));
    expect(new Set(observations.values()).size).toBe(1);
    const signed = await loaded.sign({ runId, feed, round: 1, epoch: 0, previous: null });
    expect(signed.observation.value).toMatchObject({ decimals: 8, unit: "USD per troy ounce" });
  });
});

it("asks the same of every language", () => {
  const manifests = goldMedianLanguages().map((language) => {
    const file = path.join(GOLD_MEDIAN, language, "cryptlet.json");
    const manifest = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    const { lane: _lane, language: name, main: _main, limits: _limits, ...same } = manifest;
    expect(name ?? "typescript").toBe(language);
    return canonicalJson(same);
  });
  expect(new Set(manifests).size).toBe(1);
});
