import { fabricError } from "../../core/errors/fabric-error.ts";

/** Parts of collateral by the names that tools around Intel's PCS give them. */
export type CollateralPart =
  | "pck_crl_issuer_chain"
  | "root_ca_crl"
  | "pck_crl"
  | "tcb_info_issuer_chain"
  | "tcb_info"
  | "tcb_info_signature"
  | "qe_identity_issuer_chain"
  | "qe_identity"
  | "qe_identity_signature"
  | "pck_certificate_chain";

/** `COLLATERAL_INVALID` of one part. */
export const collateralFault = (part: CollateralPart, reason: string, cause?: unknown) =>
  fabricError("COLLATERAL_INVALID", { part, reason }, { cause });
