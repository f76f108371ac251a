import type { Digest } from "../core/ids.ts";
import type { KeyRecord } from "../crypto/key-record.ts";
import type { Evidence } from "../envelope/bundle.ts";
import type { Registration } from "./report-data.ts";

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

/**
 * Evidence to a workload under one policy. Purpose, nonce and keys are judged by who asked: an appraiser says what was
 * bound, not whether that is what it is used for.
 */
export interface WorkloadAppraiser {
  /** `at`: ms since epoch. Throws `EVIDENCE_*`, `MEASUREMENT_REFUSED` and the like; never returns what is not accepted. */
  appraise(
    evidence: Evidence,
    options: { readonly at: number; readonly signal?: AbortSignal },
  ): Promise<AppraisedWorkload>;
}
