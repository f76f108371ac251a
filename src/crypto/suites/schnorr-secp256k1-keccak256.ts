import { secp256k1 } from "@noble/curves/secp256k1.js";
import { bytesEqual, concatBytes, isBelow } from "../bytes.ts";
import { defineSuite } from "../define-suite.ts";
import { libSecp256k1, secp256k1Keys } from "../drivers/secp256k1.ts";
import { challengeOf, GROUP_ORDER, pointAddress, wordOf } from "../frost/ecrecover-challenge.ts";
import { keccak256 } from "../hashes.ts";
import type { SuiteDriver } from "../suite.ts";
import { evmAddress } from "./secp256k1-keccak256.ts";

const { Point } = secp256k1;
const { Fn } = Point;

/** `z (32) || address of R (20)`. */
export const SCHNORR_SIGNATURE_BYTES = 52;
const SCALAR_BYTES = 32;
const ORDER = wordOf(GROUP_ORDER);

const addressBytes = (signature: Uint8Array) => signature.subarray(SCALAR_BYTES);

/** z in 1..n-1; the address of nothing is no address. */
const isCanonical = (signature: Uint8Array): boolean => {
  const z = signature.subarray(0, SCALAR_BYTES);
  return isBelow(z, ORDER) && z.some(Boolean) && addressBytes(signature).some(Boolean);
};

const numberOf = (bytes: Uint8Array): bigint => Fn.fromBytes(bytes);

/** R = zG - eP, and its address is the one that was signed with. */
const verifyByPoints = (publicKey: Uint8Array) => {
  const key = Point.fromBytes(publicKey);
  return (signature: Uint8Array, message: Uint8Array): boolean => {
    const e = challengeOf(key, keccak256(message), addressBytes(signature));
    if (e === 0n) return false;
    const z = numberOf(signature.subarray(0, SCALAR_BYTES));
    const R = Point.BASE.multiplyUnsafe(z).subtract(key.multiplyUnsafe(e));
    return !R.is0() && bytesEqual(pointAddress(R), addressBytes(signature));
  };
};

/** `z || address of R` of a signature `R || z` as RFC 9591 writes it. Throws where z is zero. */
export const ecrecoverSignature = (rfcSignature: Uint8Array): Uint8Array => {
  const R = Point.fromBytes(rfcSignature.subarray(0, 33));
  const signature = concatBytes(rfcSignature.subarray(33), pointAddress(R));
  if (!isCanonical(signature)) throw new Error("z is zero");
  return signature;
};

/** One key alone, with a random nonce: for tests and tools. A group signs by `src/crypto/frost`. */
const signWith = (secretKey: Uint8Array, publicKey: Uint8Array) => {
  const key = Point.fromBytes(publicKey);
  const x = Fn.fromBytes(secretKey);
  return (message: Uint8Array): Uint8Array => {
    const k = Fn.fromBytes(secp256k1.utils.randomSecretKey());
    const R = Point.BASE.multiply(k);
    const e = challengeOf(key, keccak256(message), pointAddress(R));
    if (e === 0n) throw new Error("the challenge is zero");
    return ecrecoverSignature(concatBytes(R.toBytes(), Fn.toBytes(Fn.add(k, Fn.mul(e, x)))));
  };
};

const noble: SuiteDriver = {
  name: "noble",
  signer: signWith,
  verifier: verifyByPoints,
};

/** The very equation of the contract: ecrecover(n - z*Px, parity, Px, n - e*Px) == address of R, all mod n. */
const verifyByRecovery =
  ({ recover }: NonNullable<typeof libSecp256k1>) =>
  (publicKey: Uint8Array) => {
    const key = Point.fromBytes(publicKey);
    const { x, y } = key.toAffine();
    return (signature: Uint8Array, message: Uint8Array): boolean => {
      const e = challengeOf(key, keccak256(message), addressBytes(signature));
      if (e === 0n) return false;
      const z = numberOf(signature.subarray(0, SCALAR_BYTES));
      const hash = wordOf(Fn.neg(Fn.mul(z, x)));
      const rs = concatBytes(wordOf(x), wordOf(Fn.neg(Fn.mul(e, x))));
      const R = recover(rs, Number(y & 1n), hash);
      return bytesEqual(keccak256(R.subarray(1)).subarray(12), addressBytes(signature));
    };
  };

/**
 * Schnorr on secp256k1 that Solidity's `ecrecover` can check; what a FROST group signs with (docs/threshold.md).
 * The public key's x must be below the group's order, because `ecrecover` takes it for an r.
 */
export const schnorrSecp256k1Keccak256Suite = defineSuite({
  name: "schnorr-secp256k1-keccak256",
  signatureLength: SCHNORR_SIGNATURE_BYTES,
  ...secp256k1Keys,
  checkPublicKey: (publicKey) => {
    secp256k1Keys.checkPublicKey(publicKey);
    if (Point.fromBytes(publicKey).x >= GROUP_ORDER)
      throw new Error("its x is not below the group's order");
  },
  reference: noble,
  fast: libSecp256k1 && {
    name: libSecp256k1.name,
    signer: signWith,
    verifier: verifyByRecovery(libSecp256k1),
  },
  isCanonicalSignature: isCanonical,
  address: evmAddress,
});
