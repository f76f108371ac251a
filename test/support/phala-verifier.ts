import { QuoteVerifier } from "@phala/dcap-qvl";
import type { DcapCollateral } from "../../src/attestation/collateral/collateral.ts";

/** What `@phala/dcap-qvl` says: its status, or `refused`. It has no codes to compare. */
export const phalaStatus = (
  quote: Uint8Array,
  evidence: {
    readonly collateral: DcapCollateral;
    readonly root: Uint8Array;
    /** ms since epoch. */
    readonly at: number;
  },
): string => {
  try {
    const verifier = QuoteVerifier.newWithRootCa(Buffer.from(evidence.root));
    return verifier.verify(quote, evidence.collateral, evidence.at / 1_000).status;
  } catch {
    return "refused";
  }
};
