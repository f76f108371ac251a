import { beforeAll, expect, test } from "vitest";
import { cryptletIdSchema, digestSchema, type Digest } from "../core/ids.ts";
import { decodeBase64, encodeBase64 } from "../crypto/base64.ts";
import { createSigningKey, type SigningKey } from "../crypto/key-record.ts";
import type { Evidence } from "../envelope/bundle.ts";
import { payloadBytes, type DsseEnvelope } from "../envelope/dsse.ts";
import type { SimulatedPolicyInput } from "./simulated-policy.ts";
import { appraiseSimulated, createSimulatedAppraiser } from "./appraise-simulated.ts";
import { MEASURED, replayMeasurementLog } from "./measurement-log.ts";
import { keysetRoot, reportData } from "./report-data.ts";
import {
  describeEvidence,
  evidenceId,
  openEvidence,
  signSimulatedEvidence,
  SIMULATED_EVIDENCE_TYPE,
  type SimulatedStatement,
} from "./simulated-evidence.ts";

type Statement = Parameters<typeof signSimulatedEvidence>[0];

const AT = 1_700_000_000_000;
const DIGEST = digestSchema.parse(`sha256:${"ab".repeat(32)}`);
const platform = createSigningKey("ed25519");
const keys = [createSigningKey("ed25519"), createSigningKey("secp256k1-keccak256")].map(
  ({ record }) => record,
);

const makeStatement = (change: { notBefore?: number; debug?: boolean } = {}): Statement => {
  const contents: Record<string, string> = {
    manifest: JSON.stringify({ manifest: DIGEST }),
    "end-of-launch": "",
  };
  const log = MEASURED.map((type) => ({ type, content: contents[type] ?? `{"${type}":1}` }));
  const { measurement, launch } = replayMeasurementLog(log);
  const notBefore = change.notBefore ?? AT;
  const registration: SimulatedStatement["registration"] = {
    profile: "cryptlet/js/v1",
    purpose: "register",
    keysetRoot: keysetRoot(keys),
    encryptionKey: "0".repeat(64),
    nonce: "0".repeat(64),
    cryptlet: "gold-price",
    manifestDigest: DIGEST,
    configId: DIGEST,
    notBefore,
    notAfter: notBefore + 1_000,
  };
  return {
    platform: {
      vendor: "SIMULATOR-NO-HW!",
      fmspc: "53494d000000",
      keyid: platform.record.keyid,
      debug: change.debug ?? false,
    },
    cryptlet: { id: cryptletIdSchema.parse("gold-price"), version: "1.0.0", measurement },
    log,
    launch,
    keys,
    registration,
    epoch: 0,
    reportData: reportData(registration, keys, 0),
  };
};

let evidence: Evidence;
let measurement: Digest;
beforeAll(() => {
  const statement = makeStatement();
  ({ measurement } = statement.cryptlet);
  evidence = signSimulatedEvidence(statement, platform);
});

const policy = (change: Partial<SimulatedPolicyInput> = {}): SimulatedPolicyInput => ({
  id: "test",
  allowSimulated: true,
  anchors: [{ name: "ours", key: platform.record, simulated: true }],
  measurements: [measurement],
  ...change,
});
const codeOf = (act: () => unknown): string => {
  try {
    act();
    return "none";
  } catch (error) {
    return (error as { code: string }).code;
  }
};
const signedBy = (key: SigningKey, change: Partial<Statement>): Evidence =>
  signSimulatedEvidence({ ...makeStatement(), ...change }, key);

test("the best that simulated evidence becomes is a warning", () => {
  const result = appraiseSimulated(evidence, policy(), AT);
  expect(result).toMatchObject({
    status: "warning",
    simulated: true,
    policy: "test",
    debug: false,
  });
  expect(result.cryptlet.measurement).toBe(measurement);
  expect(result.keys).toEqual(keys);
  expect(result.evidenceId).toBe(evidenceId(evidence));
});

test("without a word about simulation a policy refuses, before anything else", () => {
  const { allowSimulated: _, ...silent } = policy();
  expect(codeOf(() => appraiseSimulated(evidence, silent, AT))).toBe("EVIDENCE_SIMULATED");
  const broken = { ...evidence, body: "" };
  expect(codeOf(() => appraiseSimulated(broken, silent, AT))).toBe("EVIDENCE_SIMULATED");
});

test.each<[string, Partial<SimulatedPolicyInput>, number, string]>([
  ["an unknown anchor", { anchors: [] }, AT, "EVIDENCE_ANCHOR_UNKNOWN"],
  ["another measurement", { measurements: [DIGEST] }, AT, "MEASUREMENT_REFUSED"],
  ["evidence of tomorrow", {}, AT - 1, "EVIDENCE_EXPIRED"],
  ["evidence of yesterday", {}, AT + 1_001, "EVIDENCE_EXPIRED"],
])("%s is refused", (_name, change, at, code) => {
  expect(codeOf(() => appraiseSimulated(evidence, policy(change), at))).toBe(code);
});

test("a debugged platform needs a policy that says so", () => {
  const debugged = signSimulatedEvidence(makeStatement({ debug: true }), platform);
  expect(codeOf(() => appraiseSimulated(debugged, policy(), AT))).toBe("EVIDENCE_INVALID");
  expect(appraiseSimulated(debugged, policy({ allowDebug: true }), AT).debug).toBe(true);
});

test("an unknown field in a policy is an error, and no policy can call an anchor hardware", () => {
  const wrong: readonly object[] = [
    { ...policy(), allow: true },
    policy({ anchors: [{ name: "x", key: platform.record, simulated: false as true }] }),
    policy({ measurements: [] }),
  ];
  for (const each of wrong)
    expect(codeOf(() => appraiseSimulated(evidence, each as SimulatedPolicyInput, AT))).toBe(
      "CONFIG_INVALID",
    );
});

test("what the platform key signed must agree with itself", () => {
  const good = makeStatement();
  const { registration, log } = good;
  const stranger = createSigningKey("ed25519").record;
  const changes: readonly Partial<Statement>[] = [
    { cryptlet: { ...good.cryptlet, measurement: DIGEST } },
    { cryptlet: { ...good.cryptlet, id: cryptletIdSchema.parse("other") } },
    { launch: `sha384:${"0".repeat(96)}` },
    { log: log.map((event) => ({ ...event, content: `${event.content} ` })) },
    { log: log.toReversed() },
    { keys: [...keys, stranger] },
    { keys: keys.map((key) => ({ ...key, keyid: DIGEST })) },
    { registration: { ...registration, notAfter: registration.notAfter + 1 } },
    { registration: { ...registration, manifestDigest: measurement } },
    { epoch: 1 },
    { reportData: "0".repeat(128) },
    { platform: { ...good.platform, vendor: "GenuineIntel!!!!" as "SIMULATOR-NO-HW!" } },
    { simulated: false } as Partial<Statement>,
  ];
  for (const change of changes) {
    const code = codeOf(() => appraiseSimulated(signedBy(platform, change), policy(), AT));
    expect([change, code]).toEqual([change, "EVIDENCE_INVALID"]);
  }
});

test("a changed body, a foreign signature or another format is refused", () => {
  const envelope = openEvidence(evidence);
  const wrap = (value: DsseEnvelope): Evidence => ({
    type: SIMULATED_EVIDENCE_TYPE,
    body: encodeBase64(Buffer.from(JSON.stringify(value))),
  });
  const text = Buffer.from(payloadBytes(envelope)).toString("utf8");
  const payload = encodeBase64(Buffer.from(text.replace('"epoch":0', '"epoch":1')));
  const foreign = openEvidence(signedBy(createSigningKey("ed25519"), {}));
  const cases: readonly [Evidence, string][] = [
    [wrap({ ...envelope, payload }), "EVIDENCE_INVALID"],
    [wrap({ ...envelope, signatures: [] }), "EVIDENCE_INVALID"],
    [wrap({ ...envelope, payloadType: "application/json" }), "EVIDENCE_INVALID"],
    [wrap(foreign), "EVIDENCE_ANCHOR_UNKNOWN"],
    [wrap({ ...envelope, signatures: foreign.signatures }), "EVIDENCE_ANCHOR_UNKNOWN"],
    [{ type: "application/vnd.intel.sgx.quote.v3", body: evidence.body }, "EVIDENCE_INVALID"],
    [{ ...evidence, body: "%%%" }, "EVIDENCE_INVALID"],
    [{ ...evidence, body: encodeBase64(Buffer.from("[]")) }, "EVIDENCE_INVALID"],
  ];
  for (const [wrong, code] of cases)
    expect(codeOf(() => appraiseSimulated(wrong, policy(), AT))).toBe(code);
});

test("another signature beside the platform's changes neither result nor id", () => {
  const envelope = openEvidence(evidence);
  const [ours] = envelope.signatures;
  const [foreign] = openEvidence(signedBy(createSigningKey("ed25519"), {})).signatures;
  if (!ours || !foreign) throw new Error("both are signed");
  const both = { ...envelope, signatures: [foreign, ours] };
  const wrapped = { ...evidence, body: encodeBase64(Buffer.from(JSON.stringify(both))) };
  expect(appraiseSimulated(wrapped, policy(), AT).status).toBe("warning");
  expect(evidenceId(wrapped)).toBe(evidenceId(evidence));
});

test("evidence says what it is to everybody who looks", () => {
  const body = Buffer.from(decodeBase64(evidence.body)).toString("utf8");
  const { payload } = JSON.parse(body) as { payload: string };
  const text = Buffer.from(payload, "base64").toString("utf8");
  expect(text).toContain("SIMULATED: NO HARDWARE ROOT");
  expect(text).toContain("SIMULATOR-NO-HW!");
  // Without the keys, whose base64 may hold any three letters.
  const said = JSON.stringify({ ...(JSON.parse(text) as object), keys: [] });
  expect(said).not.toMatch(/intel|amd|aws/i);
  expect(describeEvidence(evidence).platform.fmspc.slice(0, 6)).toBe(
    Buffer.from("SIM").toString("hex"),
  );
});

test("the envelope verifier gets one appraisal, from the first evidence that holds", async () => {
  const request = { evidence: [evidence], keys, at: AT };
  const appraise = createSimulatedAppraiser(policy());
  expect(await appraise(request)).toMatchObject({
    ok: true,
    simulated: true,
    measurement,
    keyids: keys.map(({ keyid }) => keyid),
  });
  const other = { type: "application/octet-stream", body: "" };
  expect(await appraise({ ...request, evidence: [other, evidence] })).toMatchObject({ ok: true });
  expect(await appraise({ ...request, evidence: [other] })).toMatchObject({
    ok: false,
    code: "EVIDENCE_INVALID",
  });
  expect(await appraise({ ...request, evidence: [] })).toMatchObject({ ok: false });
  expect(await createSimulatedAppraiser(policy({ allowSimulated: false }))(request)).toMatchObject({
    ok: false,
    code: "EVIDENCE_SIMULATED",
  });
});
