import { encode } from "cborg";
import { bytesEqual, hexToBytes } from "../../crypto/bytes.ts";
import { cborFault, parseStrictCbor } from "./strict-cbor.ts";

/** A COSE_Sign1 message (RFC 9052 section 4.2) under ES384, taken apart; its signature is not checked yet. */
export interface CoseSign1 {
  readonly payload: Uint8Array;
  /** Sig_structure: the bytes that the signature is over. */
  readonly signed: Uint8Array;
  /** r and s, 48 bytes each. */
  readonly signature: Uint8Array;
}

const WHAT = "a COSE_Sign1 message";
/** Tag 18, the only one that may stand before the array. */
const TAG_SIGN1 = 0xd2;
/** `{ 1: -35 }`, alg ES384: the one header that is known, so that no message chooses its algorithm. */
const PROTECTED_ES384 = hexToBytes("a1013822");
const SIGNATURE_BYTES = 96;
/** Largest message that is read; a Nitro document has at most about 16 kB. */
export const MAX_COSE_BYTES = 32_768;

/** Take a message apart. Throws `EVIDENCE_MALFORMED`. */
export const parseCoseSign1 = (bytes: Uint8Array): CoseSign1 => {
  if (bytes.length > MAX_COSE_BYTES)
    throw cborFault(WHAT, `it has ${bytes.length} bytes, ${MAX_COSE_BYTES} are read`);
  const message = parseStrictCbor(bytes[0] === TAG_SIGN1 ? bytes.subarray(1) : bytes, WHAT);
  if (!Array.isArray(message) || message.length !== 4)
    throw cborFault(WHAT, "it is not an array of four");
  const [header, unprotected, payload, signature] = message as readonly unknown[];
  if (!(header instanceof Uint8Array) || !bytesEqual(header, PROTECTED_ES384))
    throw cborFault(WHAT, "its protected header is not ES384 alone");
  if (!(unprotected instanceof Map) || unprotected.size > 0)
    throw cborFault(WHAT, "its unprotected header is not empty");
  if (!(payload instanceof Uint8Array) || payload.length === 0)
    throw cborFault(WHAT, "it has no payload");
  if (!(signature instanceof Uint8Array) || signature.length !== SIGNATURE_BYTES)
    throw cborFault(WHAT, `its signature is not ${SIGNATURE_BYTES} bytes`);
  const signed = encode(["Signature1", header, new Uint8Array(), payload]);
  return { payload, signed, signature };
};
