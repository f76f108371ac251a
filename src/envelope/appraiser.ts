import type { ErrorCode } from "../core/errors/catalogue.ts";
import type { Digest } from "../core/ids.ts";
import type { KeyRecord } from "../crypto/key-record.ts";
import type { Evidence } from "./bundle.ts";

/** What an appraiser gets: the evidence and the keys that it should bind. The statement is not read yet. */
export interface AppraisalRequest {
  readonly evidence: readonly Evidence[];
  readonly keys: readonly KeyRecord[];
  /**
   * keyids whose signatures on the statement hold; nobody is trusted yet. A quorum counts evidence of these alone,
   * because evidence of an enclave that signed nothing is public and anybody's to carry.
   */
  readonly signers?: readonly string[];
  /** keyids of a group's members: what binds one of them is used too, beside what the signers need. */
  readonly members?: readonly string[];
  /** ms since epoch at which the evidence must be acceptable. */
  readonly at: number;
}

/** Attestation result in the sense of RFC 9334, as far as an envelope needs it. */
export type Appraisal =
  | {
      readonly ok: true;
      /** Property of the trust anchor, never read from the evidence. */
      readonly simulated: boolean;
      /** What runs in the enclave that holds the keys. */
      readonly measurement: Digest;
      /** keyids that the evidence binds. */
      readonly keyids: readonly string[];
      /** Id of the appraisal policy. */
      readonly policy: string;
      readonly detail: string;
    }
  | { readonly ok: false; readonly code: ErrorCode; readonly detail: string };

/** Given to the verifier from outside, so that this folder does not know evidence formats. */
export type EvidenceAppraiser = (request: AppraisalRequest) => Appraisal | Promise<Appraisal>;
