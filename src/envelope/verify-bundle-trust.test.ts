import { describe, expect, test } from "vitest";
import {
  ANY_SCOPE,
  EVIDENCE,
  bundleBytes,
  createAppraisal,
  createBundle,
  createKeyPair,
  createPolicy,
} from "../../test/support/bundle-fixture.ts";
import {
  FIXTURE_TIME,
  createObservation,
  fixtureReceipt,
} from "../../test/support/observation-fixture.ts";
import type { Digest } from "../core/ids.ts";
import { digestOf } from "../crypto/hashes.ts";
import type { Bundle } from "./bundle.ts";
import type { Observation } from "./observation.ts";
import { runReceiptDigest } from "./run-receipt.ts";
import { signJsonForm, signOnchainForm } from "./signed-observation.ts";
import { verifyBundle, type VerifyBundleOptions } from "./verify-bundle.ts";

const AT = FIXTURE_TIME + 10_000;
const pair = createKeyPair();
const stranger = createKeyPair();
const keys = [pair.json.record, pair.onchain.record];
const trust = createPolicy(keys);
const observation = createObservation();
const good = createBundle(pair);
const { measurement } = observation.cryptlet;

const verify = (bundle: Bundle, options: Partial<VerifyBundleOptions> = {}) =>
  verifyBundle(bundleBytes(bundle), { trust, at: AT, ...options });

const statusOf = async (report: ReturnType<typeof verify>) =>
  Object.fromEntries((await report).steps.map(({ step, status }) => [step, status]));

const withSources = (modes: readonly (string | null)[]): Observation =>
  createObservation({
    sources: observation.sources.map((source, index) => ({
      ...source,
      mode: modes[index] ?? null,
    })),
  });

const scoped = (changes: object) =>
  createPolicy([], {
    keys: keys.map((key) => ({
      key,
      scope: ANY_SCOPE,
      notBefore: null,
      notAfter: null,
      ...changes,
    })),
  });

describe("trust in keys", () => {
  test.each([
    ["its fabric", { scope: { ...ANY_SCOPE, fabrics: ["demo"] } }],
    ["its Cryptlet", { scope: { ...ANY_SCOPE, cryptlets: ["x", "gold-price"] } }],
    ["its feed", { scope: { ...ANY_SCOPE, feeds: ["xau-usd"] } }],
    ["the moment of issue", { notBefore: observation.issuedAt, notAfter: observation.issuedAt }],
  ])("holds within %s", async (_, changes) => {
    expect(await verify(good, { trust: scoped(changes) })).toMatchObject({ ok: true });
  });

  test.each([
    ["another fabric", { scope: { ...ANY_SCOPE, fabrics: ["other"] } }],
    ["no fabric", { scope: { ...ANY_SCOPE, fabrics: [] } }],
    ["another Cryptlet", { scope: { ...ANY_SCOPE, cryptlets: ["silver-price"] } }],
    ["another feed", { scope: { ...ANY_SCOPE, feeds: ["xag-usd"] } }],
    ["a later validity", { notBefore: observation.issuedAt + 1 }],
    ["an earlier validity", { notAfter: observation.issuedAt - 1 }],
  ])("does not reach into %s", async (_, changes) => {
    const report = await verify(good, { trust: scoped(changes) });
    expect(report).toMatchObject({ code: "SIGNER_NOT_TRUSTED", exitCode: 12, observation: null });
  });

  test("needs as many distinct keys as the threshold says", async () => {
    const second = createKeyPair();
    const all = [...keys, second.json.record, second.onchain.record];
    const two = createPolicy(all, { threshold: 2 });
    expect(await verify(good, { trust: two })).toMatchObject({
      code: "THRESHOLD_NOT_MET",
      exitCode: 12,
    });
    const json = signJsonForm(observation, [pair.json, second.json]);
    const both = {
      ...good,
      envelope: json.envelope,
      onchain: signOnchainForm(observation, digestOf(json.payload), [pair.onchain, second.onchain]),
    };
    expect(await verify(both, { trust: two })).toMatchObject({ ok: true });
  });

  test("takes the algorithm from the policy, never from the bundle", async () => {
    const { address: _, ...record } = pair.onchain.record;
    const lying = { ...good, keys: [{ ...record, suite: "secp256k1-sha256" as const }] };
    expect(await verify(lying)).toMatchObject({ ok: true });
  });

  test("a policy with a wrong key is the caller's error", async () => {
    const [first] = trust.keys;
    const wrong = {
      ...trust,
      keys: first ? [{ ...first, key: { ...first.key, keyid: measurement } }] : [],
    };
    await expect(verify(good, { trust: wrong })).rejects.toMatchObject({
      code: "KEY_RECORD_INVALID",
    });
  });
});

const attested = (measurements: readonly Digest[]) =>
  createPolicy([], { attested: { scope: ANY_SCOPE, measurements } });
const refuses = () => ({ ok: false, code: "EVIDENCE_REFUSED", detail: "test" }) as const;

describe("evidence", () => {
  const carrying = { ...good, evidence: [EVIDENCE] };
  const accepts =
    (simulated: boolean, bound = keys, shown = measurement) =>
    () =>
      createAppraisal(bound, shown, simulated);

  test("that binds both keys and the stated measurement is enough for trust", async () => {
    const policy = createPolicy([], {
      attested: { scope: ANY_SCOPE, measurements: [measurement] },
    });
    const report = await verify(carrying, { trust: policy, appraise: accepts(false) });
    expect(report).toMatchObject({ ok: true, simulated: false });
    expect(
      await statusOf(verify(carrying, { trust: policy, appraise: accepts(false) })),
    ).toMatchObject({
      evidence: "ok",
      "key-set": "ok",
      simulation: "ok",
    });
  });

  test("gets exactly what the bundle carries, and the time", async () => {
    const seen: unknown[] = [];
    await verify(carrying, {
      appraise: (request) => {
        seen.push(request);
        return createAppraisal(keys, measurement, false);
      },
    });
    const signers = [pair.json.record.keyid];
    expect(seen).toEqual([{ evidence: [EVIDENCE], keys, signers, at: AT }]);
  });

  test("of a simulated enclave is said aloud, and refused unless allowed", async () => {
    const strict = createPolicy(keys, { allowSimulated: false });
    const refused = await verify(carrying, { trust: strict, appraise: accepts(true) });
    expect(refused).toMatchObject({
      ok: false,
      simulated: true,
      code: "SIMULATED_NOT_ALLOWED",
      exitCode: 13,
    });
    const allowed = await verify(carrying, { appraise: accepts(true) });
    expect(allowed).toMatchObject({ ok: true, simulated: true });
    expect(allowed.steps.find(({ step }) => step === "simulation")?.detail).toContain("SIMULATED");
  });

  test("that is missing leaves the receipt's own word, which may lower trust and never raise it", async () => {
    const strict = createPolicy(keys, { allowSimulated: false });
    const word = { simulated: true, attestation: "simulated" };
    expect(await verify(good, { trust: strict })).toMatchObject({
      ok: false,
      code: "SIMULATED_NOT_ALLOWED",
      exitCode: 13,
      ...word,
    });
    expect(await verify(good)).toMatchObject({ ok: true, ...word });
    const silent = await verify({ ...good, run: null }, { trust: strict });
    expect(silent).toMatchObject({ ok: true, simulated: null, attestation: null });
    expect(silent.steps.find(({ step }) => step === "simulation")?.status).toBe("skipped");
  });

  test("must show the hardware that a signed receipt claims", async () => {
    const run = { ...fixtureReceipt, attestation: "hardware" as const };
    const statement = createObservation();
    const claiming = createBundle(
      pair,
      { ...statement, run: { ...statement.run, receiptDigest: runReceiptDigest(run) } },
      { run, evidence: [EVIDENCE] },
    );
    const claim = (change: Partial<VerifyBundleOptions>) => verify(claiming, change);
    expect(await claim({ appraise: accepts(false) })).toMatchObject({ ok: true, run });
    for (const unproven of [{ appraise: accepts(true) }, { appraise: refuses }, {}])
      expect(await claim(unproven)).toMatchObject({
        ok: false,
        code: "RUN_RECEIPT_MISMATCH",
        run: null,
      });
  });

  const other = `sha256:${"f".repeat(64)}` as Digest;
  test.each<[string, Partial<VerifyBundleOptions>, string, number]>([
    ["that is refused", { appraise: refuses }, "EVIDENCE_REFUSED", 13],
    [
      "whose appraiser answers a code of its own",
      { appraise: () => ({ ok: false, code: "DECIMAL_INVALID", detail: "" }) },
      "EVIDENCE_REFUSED",
      13,
    ],
    [
      "whose appraiser throws",
      { appraise: () => Promise.reject(new Error("broken")) },
      "EVIDENCE_REFUSED",
      13,
    ],
    ["of other code", { appraise: accepts(false, keys, other) }, "MEASUREMENT_MISMATCH", 13],
    [
      "that binds only one of the keys",
      { appraise: accepts(false, [pair.json.record]) },
      "KEY_NOT_ATTESTED",
      13,
    ],
    [
      "that trust hangs on and that is refused",
      { trust: attested([measurement]), appraise: refuses },
      "EVIDENCE_REFUSED",
      13,
    ],
    [
      "of a measurement the policy does not accept",
      { trust: attested([other]), appraise: accepts(false) },
      "EVIDENCE_REFUSED",
      13,
    ],
    [
      "that trust hangs on and that nobody appraised",
      { trust: attested([measurement]) },
      "SIGNER_NOT_TRUSTED",
      12,
    ],
    [
      "that is required and that nobody appraised",
      { trust: createPolicy(keys, { requireEvidence: true }) },
      "EVIDENCE_MISSING",
      13,
    ],
  ])("%s", async (_, options, code, exitCode) => {
    expect(await verify(carrying, options)).toMatchObject({ ok: false, code, exitCode });
  });

  test("that is required and not carried", async () => {
    const options = {
      trust: createPolicy(keys, { requireEvidence: true }),
      appraise: accepts(false),
    };
    expect(await verify(good, options)).toMatchObject({ code: "EVIDENCE_MISSING", exitCode: 13 });
  });

  test("of an unknown signer does not make it trusted where the policy names keys only", async () => {
    const bundle = createBundle(stranger, observation, { evidence: [EVIDENCE] });
    const appraise = accepts(false, [stranger.json.record, stranger.onchain.record]);
    expect(await verify(bundle, { appraise })).toMatchObject({
      code: "SIGNER_NOT_TRUSTED",
      exitCode: 12,
    });
  });
});

describe("sources", () => {
  test("that were emulated are refused unless allowed", async () => {
    const strict = createPolicy(keys, { allowEmulated: false });
    expect(await verify(good, { trust: strict })).toMatchObject({
      code: "EMULATED_NOT_ALLOWED",
      exitCode: 13,
      mode: "EMULATED",
    });
  });

  test("that were live need no permission", async () => {
    const strict = createPolicy(keys, { allowEmulated: false });
    const live = createBundle(pair, withSources(["LIVE", "LIVE", "LIVE", "LIVE", null]));
    expect(await verify(live, { trust: strict })).toMatchObject({ ok: true, mode: "LIVE" });
  });
});

describe("time", () => {
  test.each<[string, number, object, string | null]>([
    ["valid to its last ms", observation.validUntil, {}, null],
    ["stale one ms later", observation.validUntil + 1, {}, "OBSERVATION_STALE"],
    ["as old as the policy allows", AT, { maxAgeMs: 10_000 }, null],
    ["older than the policy allows", AT, { maxAgeMs: 9_999 }, "OBSERVATION_STALE"],
    ["ahead within the clocks' skew", observation.issuedAt - 5_000, {}, null],
    ["ahead beyond the clocks' skew", observation.issuedAt - 5_001, {}, "OBSERVATION_FROM_FUTURE"],
  ])("%s", async (_, at, policy, code) => {
    const report = await verify(good, { at, trust: createPolicy(keys, policy) });
    expect(report).toMatchObject({ code, exitCode: code === null ? 0 : 15 });
  });
});

describe("order", () => {
  const digest = observation.previous?.envelopeDigest ?? measurement;
  test.each([
    ["a successor", { round: 6, observedAt: 0, envelopeDigest: digest }, null, 0],
    ["a gap", { round: 3, observedAt: 0, envelopeDigest: measurement }, null, 0],
    ["a replay", { round: 7, observedAt: 0, envelopeDigest: digest }, "OBSERVATION_REPLAYED", 15],
    [
      "an older round",
      { round: 9, observedAt: 0, envelopeDigest: digest },
      "OBSERVATION_REPLAYED",
      15,
    ],
    [
      "another history",
      { round: 6, observedAt: 0, envelopeDigest: measurement },
      "CHAIN_BROKEN",
      14,
    ],
  ])("%s", async (_, previous, code, exitCode) => {
    expect(await verify(good, { previous })).toMatchObject({ code, exitCode });
  });
});
