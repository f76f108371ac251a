import { hexToBytes, isBelow } from "../bytes.ts";

/** Order of an ECDSA group as bytes, with what low-s needs of it. */
export interface EcdsaOrder {
  /** True when `s` of `r || s` is at most half the order and neither number is zero or too large. */
  isCanonical(signature: Uint8Array): boolean;
  /** Replace `s` by `n - s` in place where it is above half the order. */
  normalise(signature: Uint8Array): Uint8Array;
}

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

/** `order`: the group order n as 64 hex characters (SEC 2). */
export const createEcdsaOrder = (order: string): EcdsaOrder => {
  const n = hexToBytes(order, 32);
  // Smallest s that is too high: floor(n / 2) + 1.
  const tooHigh = hexToBytes((BigInt(`0x${order}`) / 2n + 1n).toString(16).padStart(64, "0"), 32);
  return {
    isCanonical: (signature) => {
      const r = signature.subarray(0, 32);
      const s = signature.subarray(32, 64);
      return isBelow(s, tooHigh) && isBelow(r, n) && !isZero(r) && !isZero(s);
    },
    normalise: (signature) => {
      if (isBelow(signature.subarray(32, 64), tooHigh)) return signature;
      let borrow = 0;
      for (let i = 31; i >= 0; i--) {
        const difference = (n[i] ?? 0) - (signature[32 + i] ?? 0) - borrow;
        borrow = difference < 0 ? 1 : 0;
        signature[32 + i] = difference & 0xff;
      }
      return signature;
    },
  };
};
