import {
  exitCodeOf,
  type FabricError,
  fabricError,
  isFabricError,
} from "../core/errors/fabric-error.ts";
import { digestHex } from "../core/ids.ts";
import {
  type AppraisalPolicy,
  type AppraisalPolicyInput,
  parseAppraisalPolicy,
  policyDigest,
} from "./appraisal-policy.ts";
import { type AppraisalContext, refusalReason, remarksOn } from "./appraisal-remarks.ts";
import type { AttestationResult } from "./attestation-result.ts";
import type { CollateralMemory } from "./dcap/collateral-memory.ts";
import {
  bindsNonce,
  checkFreshness,
  checkPlatform,
  checkTcb,
  checkWorkload,
  isListed,
} from "./policy-checks.ts";
import type { PresentedEvidence } from "./presented-evidence.ts";
import { quorumRefusal } from "./quorum.ts";
import type { Purpose } from "./report-data.ts";
import type { TrustAnchors } from "./trust-anchors.ts";
import { failedVector, trustVectorOf } from "./trust-vector.ts";
import { type VerifiedEvidence, verifyEvidence } from "./verify-evidence.ts";

/** What the relying party brings. Everything is an argument: the same call gives the same result for ever. */
export interface AppraiseOptions {
  /** Null: authenticity, debug, simulation and TCB alone are judged. */
  readonly policy: AppraisalPolicyInput | null;
  readonly anchors: TrustAnchors;
  /** @see VerifyEvidenceOptions */
  readonly collateral: unknown;
  /** The time as of which is judged, ms since epoch. */
  readonly at: number;
  /** Hex of at least 16 bytes that the relying party drew; the evidence must bind it. */
  readonly nonce?: string;
  /** What a document must have been made for; `register` by default. */
  readonly purpose?: Purpose;
  /** @see CollateralMemory */
  readonly memory?: CollateralMemory;
}

/** A result together with what was verified, for callers that go on with the keys. */
export interface Appraised {
  readonly result: AttestationResult;
  /** Null unless it is authentic. That alone accepts nothing: look at `refusal`. */
  readonly verified: VerifiedEvidence | null;
  /** Why it is refused, the first of all reasons; null exactly when `result.ok`. */
  readonly refusal: FabricError | null;
}

const policyName = (policy: AppraisalPolicy | null) =>
  policy && { id: policy.id, digest: policyDigest(policy) };

/** What holds without any policy: no simulation, no debugging, no revoked level, the nonce that was asked for. */
const checkAlways = (
  verified: VerifiedEvidence,
  { policy, nonce }: AppraisalContext,
): readonly FabricError[] => {
  const { claims } = verified;
  const refusals: FabricError[] = [];
  if (claims.simulated && policy?.allowSimulated !== true)
    refusals.push(fabricError("EVIDENCE_SIMULATED", { policy: policy?.id ?? "(none given)" }));
  if (claims.debug && policy?.allowDebug !== true)
    refusals.push(fabricError("EVIDENCE_DEBUG", { tee: claims.tee }));
  if (claims.tcb.status === "Revoked") refusals.push(fabricError("TCB_REVOKED", {}));
  if (nonce !== null && !bindsNonce(verified, nonce))
    refusals.push(fabricError("EVIDENCE_NONCE_WRONG", {}));
  return refusals;
};

const platformTrust = (platform: string, policy: AppraisalPolicy | null) => {
  const { allow, deny } = policy?.platforms ?? { deny: [] };
  if (isListed(deny, platform)) return "refused";
  if (allow === undefined) return null;
  return isListed(allow, platform) ? "recognised" : "refused";
};

/** Nobody said which firmware is good enough, or something was left unchecked. */
const hasWeakHardware = ({ remarks }: VerifiedEvidence, policy: AppraisalPolicy | null): boolean =>
  policy?.tcb.sevSnp === undefined || remarks.some(({ weight }) => weight === "warning");

const judge = (verified: VerifiedEvidence, context: AppraisalContext): Appraised => {
  const { policy } = context;
  const { claims, bound } = verified;
  const tcb = policy ? checkTcb(verified, policy) : [];
  const workload = policy ? checkWorkload(verified, policy) : null;
  const refusals = [
    ...checkAlways(verified, context),
    ...(policy ? checkPlatform(claims, policy) : []),
    ...tcb,
    ...(workload?.refusals ?? []),
    ...(policy ? checkFreshness(verified, policy, context) : []),
  ];
  const result: AttestationResult = {
    ok: refusals.length === 0,
    tee: claims.tee,
    simulated: claims.simulated,
    tcbStatus: claims.tcb.status,
    advisories: claims.tcb.advisories,
    measurement: bound ? digestHex(bound.measurement) : claims.measurement,
    reportData: claims.reportData,
    trustVector: trustVectorOf({
      claims,
      simulatedAllowed: policy?.allowSimulated === true,
      workload: workload && (workload.refusals.length === 0 ? "approved" : "refused"),
      configuration: workload?.configurationApproved === true ? "approved" : null,
      platform: platformTrust(claims.platform, policy),
      tcbRefused: tcb.length > 0 || claims.tcb.status === "Revoked",
      hardwareWarning: claims.tee === "sev-snp" && hasWeakHardware(verified, policy),
    }),
    reasons: [...refusals.map(refusalReason), ...remarksOn(verified, context)],
    policy: policyName(policy),
    claims,
  };
  return { result, verified, refusal: refusals[0] ?? null };
};

/** Exit code of the command line that says: evidence refused. */
const REFUSED_EXIT = 13;

/** A code that means something else elsewhere, a wrong argument say, is a refusal here. */
const asRefusal = (error: FabricError): FabricError =>
  exitCodeOf(error.code) === REFUSED_EXIT
    ? error
    : fabricError("EVIDENCE_REFUSED", { reason: error.message }, { cause: error });

/** Result for what is not authentic, or no evidence at all. */
export const refusedResult = (
  error: FabricError,
  policy: AppraisalPolicy | null,
): AttestationResult => ({
  ok: false,
  tee: null,
  simulated: null,
  tcbStatus: null,
  advisories: [],
  measurement: null,
  reportData: null,
  trustVector: failedVector,
  reasons: [refusalReason(error)],
  policy: policyName(policy),
  claims: null,
});

/** One piece without its policy's quorum, with what was verified. Throws `CONFIG_INVALID` for the policy itself. */
export const appraiseOne = (evidence: PresentedEvidence, options: AppraiseOptions): Appraised => {
  const policy = options.policy === null ? null : parseAppraisalPolicy(options.policy);
  const { anchors, collateral, at, memory } = options;
  let verified: VerifiedEvidence;
  try {
    verified = verifyEvidence(evidence, {
      anchors,
      collateral,
      at,
      purpose: options.purpose ?? "register",
      allowMissingRevocation: policy?.allowMissingRevocation === true,
      ...(memory && { memory }),
    });
  } catch (error) {
    if (!isFabricError(error)) throw error;
    const refusal = asRefusal(error);
    return { result: refusedResult(refusal, policy), verified: null, refusal };
  }
  return judge(verified, { policy, at, nonce: options.nonce?.toLowerCase() ?? null });
};

/**
 * Appraise one piece of evidence, real or simulated, under one policy and as of one time (RFC 9334). Never throws for
 * what the evidence or its collateral hold: each refusal is a reason, and all of them are told. A policy that asks for a
 * quorum refuses one piece alone: see `appraiseQuorum`.
 * Throws `CONFIG_INVALID` for the policy itself.
 * @example
 * ```ts
 * const result = appraise({ tee: "tdx", bytes }, { policy, anchors: HARDWARE_ANCHORS, collateral, at: Date.now() });
 * if (!result.ok) console.error(result.reasons);
 * ```
 */
export const appraise = (
  evidence: PresentedEvidence,
  options: AppraiseOptions,
): AttestationResult => {
  const { result } = appraiseOne(evidence, options);
  const policy = options.policy === null ? null : parseAppraisalPolicy(options.policy);
  const missing = policy && result.claims ? quorumRefusal([result.claims], policy) : null;
  if (!result.ok || missing === null) return result;
  return { ...result, ok: false, reasons: [refusalReason(missing), ...result.reasons] };
};
