import { secp256k1 } from "@noble/curves/secp256k1.js";
import { getBytes, hexlify } from "ethers";

/** The other signature that holds for the same message: (r, n - s) with the other v. */
export const twinOf = (signature: Uint8Array): Uint8Array => {
  const bytes = Uint8Array.from(signature);
  const s = BigInt(hexlify(bytes.subarray(32, 64)));
  bytes.set(getBytes(`0x${(secp256k1.Point.CURVE().n - s).toString(16).padStart(64, "0")}`), 32);
  bytes[64] = bytes[64] === 27 ? 28 : 27;
  return bytes;
};
