import type { Tee } from "../evidence-claims.ts";
import type { Collateral } from "./collateral.ts";

/** Plain evidence: the bytes as the TEE gave them and what they are. */
export interface EvidenceBytes {
  readonly tee: Tee;
  readonly bytes: Uint8Array;
}

/**
 * Where collateral comes from. It is never believed: the verifier checks every byte, so that a source may be a cache, a
 * file or somebody else's server. Null where this source has none for that evidence.
 * Throws `COLLATERAL_UNAVAILABLE`.
 */
export interface CollateralSource {
  fetch(
    evidence: EvidenceBytes,
    options: { readonly signal: AbortSignal },
  ): Promise<Collateral | null>;
}
