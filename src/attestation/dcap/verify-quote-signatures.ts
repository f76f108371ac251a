import { fabricError } from "../../core/errors/fabric-error.ts";
import { bytesEqual, concatBytes } from "../../crypto/bytes.ts";
import { sha256 } from "../../crypto/hashes.ts";
import { p256PublicKey, type PublicKey } from "../x509/public-key.ts";
import { verifyRawEcdsa } from "../x509/verify-signature.ts";
import type { Quote } from "./parse-quote.ts";

/**
 * From the platform's key to the quote: PCK -> report of the quoting enclave -> hash of its attestation key -> header
 * and body. Throws `QE_REFUSED`, `QUOTE_SIGNATURE_WRONG`.
 */
export const verifyQuoteSignatures = ({ auth, signed }: Quote, pck: PublicKey): void => {
  const { qeReport, qeReportBytes, qeReportSignature, attestationKey, qeAuthData } = auth;
  if (
    pck.kind !== "ec" ||
    pck.curve !== "p256" ||
    !verifyRawEcdsa(pck, "sha256", qeReportBytes, qeReportSignature)
  )
    throw fabricError("QE_REFUSED", { reason: "its report is not signed by the platform" });
  const bound = concatBytes(sha256(concatBytes(attestationKey, qeAuthData)), new Uint8Array(32));
  if (!bytesEqual(qeReport.reportData, bound))
    throw fabricError("QE_REFUSED", { reason: "its report is of another attestation key" });
  if (!verifyRawEcdsa(p256PublicKey(attestationKey), "sha256", signed, auth.signature))
    throw fabricError("QUOTE_SIGNATURE_WRONG", {});
};
