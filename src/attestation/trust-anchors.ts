import type { Tee } from "./evidence-claims.ts";

/** Who answers for an anchor; a chain of one vendor never ends in the anchor of another. */
export const TEE_VENDORS = ["intel", "aws", "amd"] as const;
/** @see TEE_VENDORS */
export type TeeVendor = (typeof TEE_VENDORS)[number];

/** Whose chain the evidence of each kind ends in. */
export const VENDOR_OF: Readonly<Record<Tee, TeeVendor>> = {
  sgx: "intel",
  tdx: "intel",
  nitro: "aws",
  "sev-snp": "amd",
};

/**
 * A root that the relying party believes. `simulated` is said here, by whoever loads the anchor, and is never read
 * from evidence or from the certificate.
 */
export interface TrustAnchor {
  readonly vendor: TeeVendor;
  /** For reasons and reports. */
  readonly name: string;
  /** DER of the self-signed root certificate; a chain ends in exactly these bytes. */
  readonly certificate: Uint8Array;
  readonly simulated: boolean;
}

/** Roots of one verifier. */
export type TrustAnchors = readonly TrustAnchor[];
