import type { FabricError } from "../core/errors/fabric-error.ts";
import type { AppraisalPolicy } from "./appraisal-policy.ts";
import type { AppraisalReason } from "./attestation-result.ts";
import type { VerifiedEvidence } from "./verify-evidence.ts";

/** What one appraisal is about, beside the evidence. */
export interface AppraisalContext {
  readonly policy: AppraisalPolicy | null;
  /** ms since epoch. */
  readonly at: number;
  /** Lower-case hex. */
  readonly nonce: string | null;
}

const note = (detail: string): AppraisalReason => ({ code: null, weight: "note", detail });
const warning = (detail: string): AppraisalReason => ({ code: null, weight: "warning", detail });

/** A refusal as the result tells it. */
export const refusalReason = ({ code, message }: FabricError): AppraisalReason => ({
  code,
  weight: "refused",
  detail: message,
});

const warningsOn = ({ claims, snpTcb }: VerifiedEvidence, policy: AppraisalPolicy | null) => {
  const { status } = claims.tcb;
  const isWeak = status !== null && status !== "UpToDate";
  return [
    ...(claims.simulated && policy?.allowSimulated === true
      ? [warning("SIMULATED: no hardware stands behind this; who runs the machine can read it all")]
      : []),
    ...(claims.debug && policy?.allowDebug === true
      ? [warning("A debugger may read everything in this environment")]
      : []),
    ...(isWeak ? [warning(`TCB status ${status}`)] : []),
    ...(snpTcb !== null && policy?.tcb.sevSnp === undefined
      ? [warning("No policy says which TCB of an AMD platform is good enough (tcb.sevSnp)")]
      : []),
  ];
};

/** What weakens evidence without refusing it, and what was not or cannot be looked at. */
export const remarksOn = (
  verified: VerifiedEvidence,
  { policy, nonce }: AppraisalContext,
): readonly AppraisalReason[] => [
  ...warningsOn(verified, policy),
  ...verified.remarks.map((remark) => ({ code: null, ...remark })),
  ...(policy === null
    ? [note("No policy was given: which code runs, and on whose machine, was not judged")]
    : []),
  ...(nonce === null && !policy?.freshness
    ? [note("Neither nonce nor freshness was asked for: the evidence may be a replay")]
    : []),
];
