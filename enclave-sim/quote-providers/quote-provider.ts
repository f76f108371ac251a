import type { Collateral } from "../../src/attestation/collateral/collateral.ts";
import type { Tee } from "../../src/attestation/evidence-claims.ts";

/** Media types of the plain evidence that providers give. */
export type QuoteType =
  | "application/vnd.intel.sgx.quote.v3"
  | "application/vnd.intel.tdx.quote.v4"
  | "application/vnd.intel.tdx.quote.v5"
  | "application/vnd.aws.nitro.attestation+cbor"
  | "application/vnd.amd.sev-snp.report";

/** What a TEE gave for 64 bytes of report data. */
export interface TeeEvidence {
  readonly type: QuoteType;
  readonly tee: Tee;
  readonly bytes: Uint8Array;
  /** Null where the machine has none at hand: the verifier fetches it. */
  readonly collateral: Collateral | null;
}

/** Where quotes of this machine come from. */
export interface QuoteProvider {
  readonly name: "sim" | "configfs-tsm" | "gramine" | "nitro";
  /** Fresh evidence that binds exactly these 64 bytes. Throws `QUOTE_PROVIDER_FAILED`. */
  getEvidence(
    reportData: Uint8Array,
    options?: { readonly signal?: AbortSignal },
  ): Promise<TeeEvidence>;
}
