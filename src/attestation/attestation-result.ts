import type { Digest } from "../core/ids.ts";
import type { EvidenceClaims, TcbStatus, Tee } from "./evidence-claims.ts";

/** Claims of an AR4SI trustworthiness vector (draft-ietf-rats-ar4si-09 section 2.3.4), in its order. */
export const TRUST_CLAIMS = [
  "instance-identity",
  "configuration",
  "executables",
  "file-system",
  "hardware",
  "runtime-opaque",
  "storage-opaque",
  "sourced-data",
] as const;
/** @see TRUST_CLAIMS */
export type TrustClaim = (typeof TRUST_CLAIMS)[number];

/** First value of each AR4SI tier: nothing said, affirming (2), warning (32), contraindicated (96). */
export const TRUST_TIERS = { none: 0, affirming: 2, warning: 32, contraindicated: 96 } as const;
/** Name of a tier. */
export type TrustTier = keyof typeof TRUST_TIERS;

/** One AR4SI value per claim; its tier is `tierOf(value)`. */
export type TrustVector = Readonly<Record<TrustClaim, number>>;

/** One thing that was looked at and held against the evidence, or that weakens it. */
export interface AppraisalReason {
  /** Error code of the catalogue; null for a remark that refuses nothing. */
  readonly code: string | null;
  /** `refused` decides `ok`; `warning` lowers the trust vector; `note` says what was not or cannot be checked. */
  readonly weight: "refused" | "warning" | "note";
  /** One sentence for people. */
  readonly detail: string;
}

/** Attestation result (RFC 9334) of one piece of evidence. `ok` is true only if nothing was refused and nothing was missing. */
export interface AttestationResult {
  readonly ok: boolean;
  /** Null until the evidence was authentic. */
  readonly tee: Tee | null;
  /** Property of the trust anchor; null until a chain ended in one. */
  readonly simulated: boolean | null;
  /** Exactly the word of Intel's algorithm; null for kinds without one and until the evidence was authentic. */
  readonly tcbStatus: TcbStatus | null;
  readonly advisories: readonly string[];
  /** Lower-case hex; null until the evidence was authentic. */
  readonly measurement: string | null;
  /** 64 bytes in lower-case hex; null until the evidence was authentic. */
  readonly reportData: string | null;
  readonly trustVector: TrustVector;
  readonly reasons: readonly AppraisalReason[];
  /** Null without a policy. */
  readonly policy: { readonly id: string; readonly digest: Digest } | null;
  /** Everything that was established; null until the evidence was authentic. */
  readonly claims: EvidenceClaims | null;
}
