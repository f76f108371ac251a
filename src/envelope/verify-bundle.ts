import { exitCodeOf, isFabricError } from "../core/errors/fabric-error.ts";
import { digestOf } from "../crypto/hashes.ts";
import type { GroupStatement } from "../crypto/frost/group-record.ts";
import { verifyGroupRecord } from "../crypto/frost/verify-group-record.ts";
import type { KeyRecord } from "../crypto/key-record.ts";
import type { Appraisal, EvidenceAppraiser } from "./appraiser.ts";
import { isBatch } from "./batch-members.ts";
import { BATCH_SOLABI_TYPE, checkBatchAgrees } from "./batch-solabi.ts";
import { parseBundle, type Bundle } from "./bundle.ts";
import { preAuthEncoding } from "./dsse.ts";
import { verifyEnvelope, type VerifiedEnvelope } from "./dsse-verify.ts";
import { describeGroup } from "./group-trust.ts";
import { createKeyRing, type KeyRing } from "./key-ring.ts";
import { OBSERVATION_SOLABI_TYPE, OBSERVATION_TYPE, type Observation } from "./observation.ts";
import { parseObservation } from "./observation-json.ts";
import { decodeOnchainObservation } from "./observation-solabi.ts";
import { type RunReceipt, runReceiptDigest } from "./run-receipt.ts";
import { type OnchainSigners, trustOnchain } from "./onchain-trust.ts";
import { checkScope, selectTrusted } from "./signer-trust.ts";
import { reportSimulation } from "./simulation.ts";
import {
  checkFormsAgree,
  checkFreshness,
  checkStatement,
  sourceModeOf,
} from "./statement-checks.ts";
import { createStepList, type StepList } from "./step-list.ts";
import { checkSuccession, type KnownRound } from "./succession.ts";
import type { TrustPolicy } from "./trust-policy.ts";
import type { VerificationReport } from "./verification-report.ts";

/** What the caller brings: the verifier itself reads no file, no network and no clock. */
export interface VerifyBundleOptions {
  readonly trust: TrustPolicy;
  /** ms since epoch for which the answer holds. */
  readonly at: number;
  /** The last round of this feed that the caller accepted. */
  readonly previous?: KnownRound;
  /** Judges the evidence (`src/attestation`); without it the evidence step is skipped, or fails where the policy asks for it. */
  readonly appraise?: EvidenceAppraiser;
}

interface Context {
  readonly bundle: Bundle;
  readonly ring: KeyRing;
  /** Statement of the bundle's group record; null where it carries none. */
  readonly group: GroupStatement | null;
  readonly options: VerifyBundleOptions;
  readonly steps: StepList;
  readonly appraisal: Appraisal | null;
}

const keyids = (keys: readonly KeyRecord[]): string => keys.map(({ keyid }) => keyid).join(" ");

const readBundle = (bytes: Uint8Array | string, steps: StepList, trust: TrustPolicy) =>
  steps.attempt("bundle", () => {
    const bundle = parseBundle(bytes);
    const group = bundle.group ? verifyGroupRecord(bundle.group) : null;
    const ring = createKeyRing([
      ...trust.keys.map(({ key }) => key),
      ...bundle.keys,
      ...(group ? [group.key] : []),
    ]);
    steps.ok(
      "bundle",
      `${bundle.keys.length} key(s), ${bundle.evidence.length} piece(s) of evidence`,
    );
    return { bundle, ring, group };
  });

/** keyids whose signatures on the JSON form hold; none where the step `signature` will say why. */
const signersOf = ({ envelope }: Bundle, ring: KeyRing): readonly string[] => {
  try {
    const rules = { ring, threshold: 1, payloadType: OBSERVATION_TYPE };
    return verifyEnvelope(envelope, rules).signers.map(({ keyid }) => keyid);
  } catch (error) {
    if (isFabricError(error)) return [];
    throw error;
  }
};

const appraiseEvidence = async (
  { bundle, ring, group }: Pick<Context, "bundle" | "ring" | "group">,
  { appraise, at }: VerifyBundleOptions,
): Promise<Appraisal | null> => {
  if (!appraise || bundle.evidence.length === 0) return null;
  try {
    const { evidence, keys } = bundle;
    const signers = signersOf(bundle, ring);
    const members = group ? { members: group.members.map(({ key }) => key.keyid) } : {};
    return await appraise({ evidence, keys, signers, ...members, at });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { ok: false, code: "EVIDENCE_REFUSED", detail };
  }
};

interface Verified {
  readonly json: VerifiedEnvelope;
  readonly observation: Observation;
  readonly signers: readonly KeyRecord[];
}

/** JSON form: signature, then whether the signer is trusted, and only then what the payload says. */
const verifyJsonForm = (context: Context): Verified | undefined => {
  const { bundle, ring, steps, appraisal } = context;
  const { trust } = context.options;
  const json = steps.attempt("signature", () =>
    verifyEnvelope(bundle.envelope, { ring, threshold: 1, payloadType: OBSERVATION_TYPE }),
  );
  if (!json) return undefined;
  steps.ok("signature", `${json.signers.length} signature(s) hold`, keyids(json.signers));
  const trusted = steps.attempt("signer", () => selectTrusted(json.signers, trust, appraisal));
  if (!trusted) return undefined;
  const observation = steps.attempt("statement", () => {
    const statement = parseObservation(json.payload);
    checkStatement(statement);
    return statement;
  });
  if (!observation) {
    steps.ok("signer", `known to policy ${trust.id}`, keyids(trusted));
    return undefined;
  }
  const { fabric, feed, round } = observation.subject;
  steps.ok("statement", `round ${round} of ${feed} in ${fabric}, by ${observation.cryptlet.id}`);
  const signers = steps.attempt("signer", () => checkScope(trusted, trust, appraisal, observation));
  if (!signers) return undefined;
  steps.ok("signer", `trusted under policy ${trust.id}`, keyids(signers));
  return { json, observation, signers };
};

const NOBODY: OnchainSigners = { signers: [], group: null };

/** ABI tuple form; returns its signers, none where there is no such form. */
const verifyOnchainForm = (context: Context, verified: Verified): OnchainSigners => {
  const { bundle, ring, steps } = context;
  const { trust } = context.options;
  const { onchain } = bundle;
  if (onchain === null) {
    for (const step of ["onchain-signature", "onchain-signer", "forms-agree"] as const)
      steps.skip(step, "the bundle has no on-chain form");
    return NOBODY;
  }
  // What the statement is decides which tuple goes with it, never the tuple itself.
  const batch = isBatch(verified.observation);
  const payloadType = batch ? BATCH_SOLABI_TYPE : OBSERVATION_SOLABI_TYPE;
  const envelope = steps.attempt("onchain-signature", () =>
    verifyEnvelope(onchain, { ring, threshold: 1, payloadType }),
  );
  if (!envelope) return NOBODY;
  steps.ok("onchain-signature", "what ecrecover checks holds", keyids(envelope.signers));
  const trusted = steps.attempt("onchain-signer", () =>
    trustOnchain(envelope.signers, {
      group: context.group,
      policy: trust,
      appraisal: context.appraisal,
      observation: verified.observation,
    }),
  );
  if (!trusted) return NOBODY;
  const { group, signers } = trusted;
  if (group) steps.ok("onchain-signer", `policy ${trust.id}: ${describeGroup(group)}`, group.keyid);
  else steps.ok("onchain-signer", `trusted under policy ${trust.id}`, keyids(signers));
  steps.attempt("forms-agree", () => {
    if (batch) {
      const members = checkBatchAgrees(
        verified.observation,
        digestOf(verified.json.payload),
        envelope.payload,
      );
      return steps.ok("forms-agree", `both state a batch of ${members} members`);
    }
    const tuple = decodeOnchainObservation(envelope.payload);
    checkFormsAgree(verified.observation, digestOf(verified.json.payload), tuple);
    steps.ok("forms-agree", `both state ${tuple.value} in round ${tuple.round}`);
  });
  return trusted;
};

/**
 * The receipt that travels beside the statement must be the one whose digest was signed, and of the same run. That
 * hardware vouched for it is no enclave's own to say: accepted evidence has to show it.
 */
const reportRun = (
  { bundle, steps, appraisal }: Context,
  { run, cryptlet }: Observation,
): RunReceipt | null => {
  const receipt = bundle.run;
  if (receipt === null) {
    steps.skip("run-receipt", "none carried: lane, wall and determinism of the run are unknown");
    return null;
  }
  const refuse = (reason: string): null => {
    steps.fail("run-receipt", "RUN_RECEIPT_MISMATCH", reason);
    return null;
  };
  if (runReceiptDigest(receipt) !== run.receiptDigest)
    return refuse(`its digest is not ${run.receiptDigest}`);
  if (receipt.measurement !== cryptlet.measurement || receipt.journalHead !== run.transcriptDigest)
    return refuse("it is of another run");
  if (receipt.attestation === "hardware" && (!appraisal?.ok || appraisal.simulated))
    return refuse("it claims hardware, which no accepted evidence shows");
  const { lane, wall, determinism } = receipt;
  steps.ok("run-receipt", `lane ${lane}, outer wall ${wall}, replay ${determinism}`);
  return receipt;
};

const reportEvidence = (context: Context, observation: Observation): void => {
  const { bundle, steps, appraisal } = context;
  const { appraise, trust } = context.options;
  if (appraisal === null) {
    const why =
      bundle.evidence.length === 0
        ? "the bundle carries none"
        : `${bundle.evidence.length} piece(s) carried, ${appraise ? "none" : "no appraiser given"}`;
    if (trust.requireEvidence)
      steps.fail("evidence", "EVIDENCE_MISSING", `the policy asks for evidence: ${why}`);
    else steps.skip("evidence", `not appraised: ${why}`);
    return;
  }
  if (!appraisal.ok) {
    // Whatever code an appraiser uses, a caller sees one exit code for refused evidence.
    const code = exitCodeOf(appraisal.code) === 13 ? appraisal.code : "EVIDENCE_REFUSED";
    steps.fail("evidence", code, `${appraisal.code}: ${appraisal.detail}`);
  } else if (appraisal.measurement !== observation.cryptlet.measurement)
    steps.fail(
      "evidence",
      "MEASUREMENT_MISMATCH",
      `the statement names ${observation.cryptlet.measurement}, the evidence shows ${appraisal.measurement}`,
    );
  else
    steps.ok(
      "evidence",
      `${appraisal.measurement} appraised under ${appraisal.policy}: ${appraisal.detail}`,
    );
};

/** Both forms' keys must be of the key set that the evidence binds. */
const reportKeySet = ({ steps, appraisal }: Context, signers: readonly KeyRecord[]): void => {
  if (!appraisal?.ok) return steps.skip("key-set", "no appraised evidence");
  const stranger = signers.find(({ keyid }) => !appraisal.keyids.includes(keyid));
  if (stranger)
    return steps.fail(
      "key-set",
      "KEY_NOT_ATTESTED",
      `the evidence does not bind ${stranger.keyid}`,
    );
  steps.ok("key-set", "every signer's key is bound by the evidence", keyids(signers));
};

const reportModes = (
  { steps, options }: Context,
  observation: Observation,
): "LIVE" | "EMULATED" | null => {
  const mode = steps.attempt("source-modes", () => sourceModeOf(observation));
  if (mode === undefined) return null;
  if (mode === "EMULATED" && !options.trust.allowEmulated)
    steps.fail("source-modes", "EMULATED_NOT_ALLOWED", "EMULATED, and the policy forbids that");
  else steps.ok("source-modes", mode ?? "no source answered");
  return mode;
};

const reportTime = ({ steps, options }: Context, observation: Observation): void => {
  const { at, trust, previous } = options;
  steps.attempt("freshness", () => {
    const age = checkFreshness(observation, at, trust);
    steps.ok("freshness", `observed ${age} ms before the time of verification`);
  });
  if (!previous) {
    steps.skip("order", "no earlier round was given");
    return;
  }
  steps.attempt("order", () => {
    const gap = checkSuccession(previous, observation);
    steps.ok("order", gap === 0 ? `follows round ${previous.round}` : `${gap} round(s) between`);
  });
};

const reportCarried = ({ bundle, steps }: Context): void => {
  const count = bundle.receipts.length;
  steps.skip("receipts", count === 0 ? "none carried" : `${count} carried: ask the chain itself`);
  steps.skip("anchors", "none in this version of the bundle");
};

/**
 * Check one bundle offline, step by step: signature, signer, statement, both forms, evidence, time, order.
 * Never throws for what the bundle holds; the report's code and exit code are those of the first failed step.
 * Throws `KEY_RECORD_INVALID` and the like for a policy with a wrong key.
 * @example
 * ```ts
 * import { verifyBundle } from "cryptlet-fabric/envelope";
 *
 * const trust = {
 *   id: "mine", keys: [], attested: null, threshold: 1, requireEvidence: true,
 *   allowSimulated: false, allowEmulated: false, maxAgeMs: 60_000, clockSkewMs: 5_000,
 * };
 * const report = await verifyBundle("{}", { trust, at: Date.now() });
 * console.log(report.ok, report.code); // false BUNDLE_MALFORMED
 * ```
 */
export const verifyBundle = async (
  bytes: Uint8Array | string,
  options: VerifyBundleOptions,
): Promise<VerificationReport> => {
  createKeyRing(options.trust.keys.map(({ key }) => key));
  const steps = createStepList();
  const facts = { policy: options.trust.id, simulated: null, attestation: null, mode: null };
  const nothing = { ...facts, run: null, group: null, envelopeDigest: null, observation: null };
  const read = readBundle(bytes, steps, options.trust);
  if (!read) return steps.finish(nothing);
  const appraisal = await appraiseEvidence(read, options);
  const context: Context = { ...read, options, steps, appraisal };
  const verified = verifyJsonForm(context);
  if (!verified) return steps.finish(nothing);
  const { observation, json } = verified;
  const onchain = verifyOnchainForm(context, verified);
  const signers = [...verified.signers, ...onchain.signers];
  const mode = reportModes(context, observation);
  const run = reportRun(context, observation);
  reportEvidence(context, observation);
  reportKeySet(context, signers);
  const simulated = reportSimulation(steps, appraisal, run, options.trust);
  reportTime(context, observation);
  reportCarried(context);
  return steps.finish({
    policy: options.trust.id,
    simulated,
    attestation: run?.attestation ?? null,
    mode,
    run,
    group: onchain.group,
    envelopeDigest: digestOf(preAuthEncoding(json.payloadType, json.payload)),
    observation,
  });
};
