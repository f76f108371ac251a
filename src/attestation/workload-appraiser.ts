import type { Digest } from "../core/ids.ts";
import type { KeyRecord } from "../crypto/key-record.ts";
import type { Evidence } from "../envelope/bundle.ts";
import type { Purpose, Registration } from "./report-data.ts";

/** What appraisal established of one workload: authentic, accepted by the policy, and this is what it bound. */
export interface AppraisedWorkload {
  /** Digest of the evidence's signed part. */
  readonly evidenceId: Digest;
  /** Property of the trust anchor; never read from the evidence. */
  readonly simulated: boolean;
  readonly debug: boolean;
  /** Measurement of the workload. */
  readonly measurement: Digest;
  /** MRSIGNER in lower-case hex; null where nobody signed the package. */
  readonly publisher: string | null;
  readonly registration: Registration;
  /** Keys of the registration's keyset root. */
  readonly keys: readonly KeyRecord[];
  /** Id of the policy that accepted it. */
  readonly policy: string;
}

/** What the evidence must have been made for. */
export interface AppraisalTask {
  /** Evidence of another purpose is refused. */
  readonly purpose: Purpose;
  /** 32 bytes in lower-case hex that it must bind; left out where nobody was asked. */
  readonly nonce?: string;
  /** ms since epoch at which it must hold. */
  readonly at: number;
}

/** Evidence to a workload under one policy and one set of anchors. */
export interface WorkloadAppraiser {
  /**
   * Never returns what is not accepted.
   * Throws `EVIDENCE_INVALID`, `EVIDENCE_PURPOSE_WRONG`, `EVIDENCE_NONCE_WRONG`, `EVIDENCE_EXPIRED`, `MEASUREMENT_REFUSED`
   * and what else the appraisal ends with.
   */
  appraise(
    evidence: Evidence,
    task: AppraisalTask,
    options?: { readonly signal?: AbortSignal },
  ): Promise<AppraisedWorkload>;
}
