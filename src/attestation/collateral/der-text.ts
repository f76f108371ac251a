import { fabricError, isFabricError } from "../../core/errors/fabric-error.ts";
import { decodeBase64 } from "../../crypto/base64.ts";
import { hexToBytes } from "../../crypto/bytes.ts";
import { pemBlocks } from "../x509/pem-chain.ts";

const HEX = /^(?:[0-9a-f]{2})+$/i;

const decode = (text: string): readonly Uint8Array[] => {
  if (text.startsWith("-----")) return pemBlocks(text);
  return [HEX.test(text) ? hexToBytes(text) : decodeBase64(text, "collateral")];
};

/**
 * DER values of one text of collateral: PEM certificates in their order, or one value in hex or base64. The form is
 * decided by the text's first characters alone and never by what it holds. Throws `COLLATERAL_INVALID` that names
 * `part`.
 */
export const readDerText = (text: string, part: string): readonly Uint8Array[] => {
  try {
    return decode(text);
  } catch (error) {
    if (!isFabricError(error)) throw error;
    throw fabricError("COLLATERAL_INVALID", { part, reason: error.message }, { cause: error });
  }
};
