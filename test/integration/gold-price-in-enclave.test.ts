import { plainTranscript } from "../support/plain-transcript.ts";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildPackage } from "../../enclave-sim/host/build-package.ts";
import type { LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import type { AppraisalPolicyInput } from "../../src/attestation/appraisal-policy.ts";
import { createEvidenceAppraiser } from "../../src/attestation/evidence-appraiser.ts";
import { HARDWARE_ANCHORS } from "../../src/attestation/hardware-anchors.ts";
import { createSimulatedAnchor } from "../../src/attestation/simulated-anchor.ts";
import { createRunId } from "../../src/core/ids.ts";
import {
  startProviderEmulator,
  type ProviderEmulator,
} from "../../src/emulator/start-provider-emulator.ts";
import { buildBundle, serializeBundle } from "../../src/envelope/bundle.ts";
import { computeFeedHash } from "../../src/envelope/feed-hash.ts";
import type { TrustPolicy } from "../../src/envelope/trust-policy.ts";
import { verifyBundle } from "../../src/envelope/verify-bundle.ts";
import {
  FABRIC,
  FEED,
  startEnclave,
  trigger,
  type EnclaveFixture,
} from "../support/guest-fixture.ts";

// The product's own Cryptlet, from its source to a bundle that a stranger checks: nothing in between is a stand-in.

let fixture: EnclaveFixture;
let emulator: ProviderEmulator;
let gold: LoadedCryptlet;
beforeAll(async () => {
  fixture = await startEnclave();
  emulator = await startProviderEmulator({ seed: "gold", maxStepPpm: 0, startPrice: "4228.00" });
  const { address, port, caPem } = emulator;
  const folder = fileURLToPath(new URL("../../cryptlets/gold-price", import.meta.url));
  const built = await buildPackage(folder);
  const served = { fabric: FABRIC, cryptlet: built.manifest.id, feed: FEED, parameters: null };
  gold = await fixture.load(built, {
    sources: { mode: "emulated", address, port, caPem, allowPrivateAddresses: true },
    feeds: [
      {
        feed: FEED,
        cryptletFeed: "xau-usd",
        feedHash: computeFeedHash(served),
        parameters: null,
        validForMs: 60_000,
      },
    ],
  });
});
afterAll(async () => {
  await fixture.stop();
  await emulator.close();
});

const runGold = () =>
  gold.run(trigger({ feed: "xau-usd", at: Date.now() }), { runId: createRunId() });

test("a signed round is accepted by a verifier that knows the measurement and the platform only", async () => {
  const report = await runGold();
  expect(report.provenance).toHaveLength(5);
  const signed = await gold.sign({
    runId: report.runId,
    feed: FEED,
    round: 1,
    epoch: 0,
    previous: null,
  });
  const bundle = buildBundle({
    envelope: signed.envelope,
    onchain: signed.onchain,
    keys: [...gold.keys],
    evidence: [gold.evidence],
    run: report.receipt,
  });
  const scope = { fabrics: null, cryptlets: null, feeds: null };
  const trust: TrustPolicy = {
    id: "stranger",
    keys: [],
    attested: { scope, measurements: [gold.measurement] },
    threshold: 1,
    requireEvidence: true,
    allowSimulated: true,
    allowEmulated: true,
    maxAgeMs: null,
    clockSkewMs: 5_000,
  };
  const policy: AppraisalPolicyInput = {
    id: "stranger",
    allowSimulated: true,
    // Nobody signed this package.
    allowDebug: true,
    tees: ["sgx"],
    tcb: { accept: ["UpToDate", "OutOfDate"] },
    anyOf: [{ measurements: [gold.measurement] }],
  };
  const simulator = createSimulatedAnchor({ name: "simulator", certificate: gold.platformRoot });
  const verify = (appraisal: AppraisalPolicyInput, anchors = [simulator]) =>
    verifyBundle(serializeBundle(bundle), {
      trust,
      at: Date.now(),
      appraise: createEvidenceAppraiser(appraisal, { anchors }),
    });
  const accepted = await verify(policy);
  expect(accepted).toMatchObject({ ok: true });
  for (const refused of [
    await verify({ ...policy, allowSimulated: false }),
    await verify({ ...policy, allowDebug: false }),
    await verify(policy, [...HARDWARE_ANCHORS]),
  ])
    expect(refused).toMatchObject({ ok: false, exitCode: 13 });
});

test("a run is repeated bit for bit from its transcript, with the providers gone elsewhere", async () => {
  const { transcript, transcriptDigest } = await runGold();
  emulator.setPrice("5000.00");
  await expect(gold.replay(transcript)).resolves.toEqual({
    same: true,
    differences: [],
    transcriptDigest,
  });
  const moved = await runGold();
  expect(plainTranscript(moved.transcript).outcome).not.toEqual(
    plainTranscript(transcript).outcome,
  );
  emulator.setPrice("4228.00");
});

test("a source with a foreign certificate costs that source, and too few publish nothing", async () => {
  emulator.fail("kraken", "unknown-authority");
  const report = await runGold();
  const kraken = report.observation.sources.find(({ id }) => id === "kraken");
  expect(kraken).toMatchObject({
    extracted: null,
    error: expect.stringMatching(/^HTTP_/) as string,
  });
  expect(report.observation.aggregation.used).toBe(4);
  for (const name of ["swissquote", "gold-api", "coinbase"] as const)
    emulator.fail(name, "status-500");
  await expect(runGold()).rejects.toMatchObject({ code: "TOO_FEW_SOURCES" });
  for (const name of ["kraken", "swissquote", "gold-api", "coinbase"] as const)
    emulator.fail(name, null);
});
