import { describe, expect, test } from "vitest";
import {
  bundleBytes,
  createBundle,
  createKeyPair,
  createPolicy,
} from "../../test/support/bundle-fixture.ts";
import {
  FIXTURE_TIME,
  createObservation,
  createRecordObservation,
} from "../../test/support/observation-fixture.ts";
import type { Digest } from "../core/ids.ts";
import { digestOf } from "../crypto/hashes.ts";
import type { Bundle } from "./bundle.ts";
import { signEnvelope } from "./dsse-sign.ts";
import { OBSERVATION_SOLABI_TYPE, OBSERVATION_TYPE, type Observation } from "./observation.ts";
import { envelopeDigest, signJsonForm, signOnchainForm } from "./signed-observation.ts";
import { verificationSteps } from "./verification-report.ts";
import { verifyBundle, type VerifyBundleOptions } from "./verify-bundle.ts";

const AT = FIXTURE_TIME + 10_000;
const pair = createKeyPair();
const stranger = createKeyPair();
const keys = [pair.json.record, pair.onchain.record];
const trust = createPolicy(keys);
const observation = createObservation();
const good = createBundle(pair);

const verify = (bundle: Bundle, options: Partial<VerifyBundleOptions> = {}) =>
  verifyBundle(bundleBytes(bundle), { trust, at: AT, ...options });

const statusOf = async (report: ReturnType<typeof verify>) =>
  Object.fromEntries((await report).steps.map(({ step, status }) => [step, status]));

describe("a good bundle", () => {
  test("is checked in every step that needs nothing from outside", async () => {
    const report = await verify(good);
    expect(report).toMatchObject({
      ok: true,
      code: null,
      exitCode: 0,
      policy: "test",
      mode: "EMULATED",
      // By the word of its own receipt, in the absence of evidence.
      simulated: true,
      attestation: "simulated",
      observation,
      envelopeDigest: envelopeDigest(good.envelope),
    });
    expect(report.steps.map(({ step }) => step)).toEqual(verificationSteps);
    expect(await statusOf(verify(good))).toEqual({
      bundle: "ok",
      signature: "ok",
      signer: "ok",
      statement: "ok",
      "onchain-signature": "ok",
      "onchain-signer": "ok",
      "forms-agree": "ok",
      "source-modes": "ok",
      "run-receipt": "ok",
      evidence: "skipped",
      "key-set": "skipped",
      simulation: "ok",
      freshness: "ok",
      order: "skipped",
      receipts: "skipped",
      anchors: "skipped",
    });
  });

  test("names the key of each signature", async () => {
    const { steps } = await verify(good);
    const keyOf = (name: string) => steps.find(({ step }) => step === name)?.key;
    expect(keyOf("signer")).toBe(pair.json.record.keyid);
    expect(keyOf("onchain-signer")).toBe(pair.onchain.record.keyid);
  });

  test("of a record has no on-chain form", async () => {
    const report = verify(createBundle(pair, createRecordObservation()));
    expect(await report).toMatchObject({ ok: true });
    expect(await statusOf(report)).toMatchObject({
      "onchain-signature": "skipped",
      "forms-agree": "skipped",
    });
  });

  test("verifies with keys that stand in the policy only", async () => {
    expect(await verify({ ...good, keys: [] })).toMatchObject({ ok: true });
  });
});

/** The first form's payload changed after signing. */
const tamper = (bundle: Bundle, form: "envelope" | "onchain"): Bundle => {
  const envelope = bundle[form] ?? bundle.envelope;
  const payload = Buffer.from(envelope.payload, "base64");
  payload[payload.length - 40] = (payload[payload.length - 40] ?? 0) ^ 1;
  return { ...bundle, [form]: { ...envelope, payload: payload.toString("base64") } };
};

const onchainOf = (changed: Observation, by = pair): Bundle => ({
  ...good,
  onchain: signOnchainForm(changed, digestOf(signJsonForm(observation, [by.json]).payload), [
    by.onchain,
  ]),
});

const statement = (text: string): Bundle => ({
  ...good,
  envelope: signEnvelope(OBSERVATION_TYPE, new TextEncoder().encode(text), [pair.json]),
});

const withSources = (modes: readonly (string | null)[]): Observation =>
  createObservation({
    sources: observation.sources.map((source, index) => ({
      ...source,
      mode: modes[index] ?? null,
    })),
  });

describe("the first failed step decides code and exit code", () => {
  test.each<[string, Bundle, string, string, number]>([
    [
      "no signature",
      { ...good, envelope: { ...good.envelope, signatures: [] } },
      "signature",
      "ENVELOPE_UNSIGNED",
      10,
    ],
    ["a changed payload", tamper(good, "envelope"), "signature", "SIGNATURE_WRONG", 11],
    [
      "a payload that is no base64",
      { ...good, envelope: { ...good.envelope, payload: "e" } },
      "signature",
      "SIGNATURE_WRONG",
      11,
    ],
    [
      "another type",
      { ...good, envelope: { ...good.envelope, payloadType: "x" } },
      "signature",
      "SIGNATURE_WRONG",
      11,
    ],
    [
      "the tuple in place of the statement",
      { ...good, envelope: good.onchain ?? good.envelope },
      "signature",
      "PAYLOAD_TYPE_UNEXPECTED",
      11,
    ],
    ["an unknown signer with its keys", createBundle(stranger), "signer", "SIGNER_NOT_TRUSTED", 12],
    [
      "an unknown signer without its keys",
      createBundle(stranger, observation, { keys: [] }),
      "signature",
      "SIGNER_NOT_TRUSTED",
      12,
    ],
    ["a signed statement that is none", statement("{}"), "statement", "STATEMENT_MALFORMED", 14],
    ["a changed tuple", tamper(good, "onchain"), "onchain-signature", "SIGNATURE_WRONG", 11],
    [
      "an unsigned tuple",
      { ...good, onchain: good.onchain && { ...good.onchain, signatures: [] } },
      "onchain-signature",
      "ENVELOPE_UNSIGNED",
      10,
    ],
    [
      "a tuple of an unknown signer",
      {
        ...good,
        onchain: createBundle(stranger).onchain,
        keys: [...keys, stranger.onchain.record],
      },
      "onchain-signer",
      "SIGNER_NOT_TRUSTED",
      12,
    ],
    [
      "another round on chain",
      onchainOf(createObservation({}, { round: 8 })),
      "forms-agree",
      "FORMS_DISAGREE",
      14,
    ],
    [
      "another value on chain",
      onchainOf(
        createObservation({ value: { kind: "decimal", text: "1", decimals: 8, unit: "USD/ozt" } }),
      ),
      "forms-agree",
      "FORMS_DISAGREE",
      14,
    ],
    [
      "another feed on chain",
      onchainOf(createObservation({}, { feedHash: `0x${"cd".repeat(32)}` })),
      "forms-agree",
      "FORMS_DISAGREE",
      14,
    ],
    [
      "a later validity on chain",
      onchainOf(createObservation({ validUntil: observation.validUntil + 1_000 })),
      "forms-agree",
      "FORMS_DISAGREE",
      14,
    ],
    [
      "another time on chain",
      onchainOf(createObservation({ observedAt: observation.observedAt + 1_000 })),
      "forms-agree",
      "FORMS_DISAGREE",
      14,
    ],
    [
      "a tuple of another statement",
      {
        ...good,
        onchain: signOnchainForm(observation, `sha256:${"0".repeat(64)}` as Digest, [pair.onchain]),
      },
      "forms-agree",
      "FORMS_DISAGREE",
      14,
    ],
    [
      "a tuple that is too short",
      {
        ...good,
        onchain: signEnvelope(OBSERVATION_SOLABI_TYPE, new Uint8Array(32), [pair.onchain]),
      },
      "forms-agree",
      "STATEMENT_MALFORMED",
      14,
    ],
    [
      "a tuple for a record",
      { ...createBundle(pair, createRecordObservation()), onchain: good.onchain },
      "forms-agree",
      "VALUE_NOT_ENCODABLE",
      2,
    ],
    [
      "a tuple signed by a suite no contract checks",
      {
        ...good,
        onchain:
          good.onchain &&
          signEnvelope(OBSERVATION_SOLABI_TYPE, Buffer.from(good.onchain.payload, "base64"), [
            pair.json,
          ]),
      },
      "onchain-signer",
      "SIGNER_NOT_TRUSTED",
      12,
    ],
    [
      "fewer sources than the least",
      createBundle(
        pair,
        createObservation({ aggregation: { ...observation.aggregation, used: 2 } }),
      ),
      "statement",
      "STATEMENT_MALFORMED",
      14,
    ],
    [
      "more sources used than answered",
      createBundle(pair, createObservation({ sources: [] })),
      "statement",
      "STATEMENT_MALFORMED",
      14,
    ],
    [
      "a statement that was never valid",
      createBundle(pair, createObservation({ validUntil: observation.issuedAt })),
      "statement",
      "STATEMENT_MALFORMED",
      14,
    ],
    [
      "a first round with a predecessor",
      createBundle(pair, createObservation({}, { round: 1 })),
      "statement",
      "STATEMENT_MALFORMED",
      14,
    ],
    [
      "live and emulated sources",
      createBundle(pair, withSources(["LIVE", "EMULATED"])),
      "source-modes",
      "SOURCE_MODES_MIXED",
      11,
    ],
  ])("%s", async (_, bundle, step, code, exitCode) => {
    const report = await verify(bundle);
    expect(report).toMatchObject({ ok: false, code, exitCode });
    expect(report.steps.find(({ status }) => status === "failed")).toMatchObject({ step, code });
    expect(report.steps.map((each) => each.step)).toEqual(verificationSteps);
  });

  test("nothing of an untrusted or changed statement is handed out", async () => {
    for (const bundle of [tamper(good, "envelope"), createBundle(stranger)])
      expect(await verify(bundle)).toMatchObject({
        observation: null,
        envelopeDigest: null,
        mode: null,
      });
  });
});

describe("what is not a bundle", () => {
  test.each([
    ["nothing", "", "JSON_MALFORMED"],
    ["another document", "{}", "BUNDLE_MALFORMED"],
    ["an unknown field", JSON.stringify({ ...good, extra: 1 }), "BUNDLE_MALFORMED"],
    [
      "a field twice",
      JSON.stringify(good).replace('"anchors"', '"anchors":[],"anchors"'),
      "JSON_MALFORMED",
    ],
    ["another media type", JSON.stringify({ ...good, mediaType: "x" }), "BUNDLE_MALFORMED"],
    ["megabytes", " ".repeat(4_194_305), "INPUT_TOO_LARGE"],
    [
      "an anchor of a later version",
      JSON.stringify({ ...good, anchors: [{}] }),
      "BUNDLE_MALFORMED",
    ],
    [
      "a key that is not its keyid's",
      JSON.stringify({ ...good, keys: [{ ...keys[0], keyid: keys[1]?.keyid }] }),
      "KEY_RECORD_INVALID",
    ],
  ])("%s", async (_, text, code) => {
    for (const input of [text, new TextEncoder().encode(text)])
      expect(await verifyBundle(input, { trust, at: AT })).toMatchObject({
        ok: false,
        code,
        exitCode: 2,
      });
  });
});
