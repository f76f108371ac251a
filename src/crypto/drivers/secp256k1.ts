import { secp256k1 } from "@noble/curves/secp256k1.js";
import { hexToBytes } from "../bytes.ts";
import { createEcdsaOrder } from "./ecdsa-scalar.ts";
import { nativeSecp256k1, type NativeSecp256k1 } from "./native-secp256k1.ts";

/** Order of secp256k1 (SEC 2 section 2.4.1). */
export const secp256k1Order = createEcdsaOrder(
  "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
);

/** SPKI of an uncompressed secp256k1 point, up to the point (RFC 5480). */
export const SECP256K1_SPKI_PREFIX = hexToBytes("3056301006072a8648ce3d020106052b8104000a034200");

/** ECDSA over a 32-byte hash; signatures are r || s with low s, deterministic by RFC 6979 with SHA-256. */
export interface Secp256k1Arithmetic {
  readonly name: string;
  sign(hash: Uint8Array, secretKey: Uint8Array): { signature: Uint8Array; recovery: number };
  verify(signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array): boolean;
  /** Uncompressed point. Throws where no point fits. */
  recover(signature: Uint8Array, recovery: number, hash: Uint8Array): Uint8Array;
}

const OPTIONS = { prehash: false, lowS: true } as const;

export const nobleSecp256k1: Secp256k1Arithmetic = {
  name: "noble",
  sign: (hash, secretKey) => {
    const recovered = secp256k1.sign(hash, secretKey, { ...OPTIONS, format: "recovered" });
    return { signature: recovered.slice(1), recovery: recovered[0] ?? 0 };
  },
  verify: (signature, hash, publicKey) => secp256k1.verify(signature, hash, publicKey, OPTIONS),
  recover: (signature, recovery, hash) =>
    secp256k1.Signature.fromBytes(signature)
      .addRecoveryBit(recovery)
      .recoverPublicKey(hash)
      .toBytes(false),
};

const createNative = (native: NativeSecp256k1): Secp256k1Arithmetic => ({
  name: "libsecp256k1",
  sign: (hash, secretKey) => {
    const { signature, recid } = native.ecdsaSign(hash, secretKey);
    return { signature, recovery: recid };
  },
  verify: (signature, hash, publicKey) => native.ecdsaVerify(signature, hash, publicKey),
  recover: (signature, recovery, hash) => native.ecdsaRecover(signature, recovery, hash, false),
});

/** libsecp256k1, or null where the optional package is missing. */
export const libSecp256k1 = nativeSecp256k1 && createNative(nativeSecp256k1);

/** What the secp256k1 suites share besides their hash. */
export const secp256k1Keys = {
  publicKeyLength: 65,
  spkiPrefix: SECP256K1_SPKI_PREFIX,
  generate: () => secp256k1.utils.randomSecretKey(),
  derivePublicKey: (secretKey: Uint8Array) => secp256k1.getPublicKey(secretKey, false),
  checkPublicKey: (publicKey: Uint8Array) => secp256k1.Point.fromBytes(publicKey).assertValidity(),
} as const;
