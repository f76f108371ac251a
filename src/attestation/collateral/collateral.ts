import * as z from "zod";

const MAX_HEX = 2_097_152;
const text = (max: number) => z.string().max(max);

/**
 * What a quote of Intel's is judged by, in the shape that tools around Intel's PCS hand on: issuer chains are PEM, CRLs
 * and signatures hex, TCB info and identity the exact JSON text that was signed.
 */
export const dcapCollateralSchema = z.strictObject({
  pck_crl_issuer_chain: text(65_536),
  root_ca_crl: text(MAX_HEX),
  pck_crl: text(MAX_HEX),
  tcb_info_issuer_chain: text(65_536),
  tcb_info: text(1_048_576),
  tcb_info_signature: text(256),
  qe_identity_issuer_chain: text(65_536),
  qe_identity: text(1_048_576),
  qe_identity_signature: text(256),
  /** PEM of the PCK chain, for quotes that do not carry it. */
  pck_certificate_chain: text(65_536).optional(),
});
/** @see dcapCollateralSchema */
export type DcapCollateral = z.infer<typeof dcapCollateralSchema>;

/** What an SEV-SNP report is judged by. Each text is PEM (one or more), base64 or hex of DER. */
export const snpCollateralSchema = z.strictObject({
  /** VCEK or VLEK, ASK or ASVK, ARK: in any order; the ARK must be an anchor. */
  certificates: z.array(text(65_536)).min(1).max(8),
  /** Revocation lists of the ARK. */
  crls: z.array(text(MAX_HEX)).max(8).default([]),
});
/** @see snpCollateralSchema */
export type SnpCollateral = z.infer<typeof snpCollateralSchema>;

/** Collateral of any kind of evidence; Nitro needs none. */
export const collateralSchema = z.union([dcapCollateralSchema, snpCollateralSchema]);
/** @see collateralSchema */
export type Collateral = z.infer<typeof collateralSchema>;
