import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { bytesEqual, concatBytes, hexToBytes, plainBytes } from "../bytes.ts";
import { nodeCrypto } from "../drivers/node-crypto.ts";
import { defineSuite } from "../define-suite.ts";
import type { SuiteDriver } from "../suite.ts";

const { Point } = ed25519;

/** Little-endian bytes as a number. */
const toScalar = (bytes: Uint8Array): bigint => {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0);
  return value;
};

/**
 * Noble's own `verify` multiplies by the cofactor; OpenSSL does not. A signer with a crafted nonce point could make
 * the two disagree, so the reference checks the cofactorless equation of RFC 8032 section 5.1.7 on encodings.
 */
const reference: SuiteDriver = {
  name: "noble",
  signer: (secretKey) => (message) => ed25519.sign(message, secretKey),
  verifier: (publicKey) => {
    const point = Point.fromBytes(publicKey);
    return (signature, message) => {
      const r = signature.subarray(0, 32);
      const s = toScalar(signature.subarray(32));
      const k = toScalar(sha512(concatBytes(r, publicKey, message))) % Point.CURVE().n;
      const left = s === 0n ? Point.ZERO : Point.BASE.multiplyUnsafe(s);
      const right = k === 0n ? Point.ZERO : point.multiplyUnsafe(k);
      return bytesEqual(left.subtract(right).toBytes(), r);
    };
  },
};

const IDENTITY = Point.ZERO.toBytes();
const SPKI_PREFIX = hexToBytes("302a300506032b6570032100");
/** PKCS #8 up to the seed (RFC 8410 section 7). */
const PKCS8_PREFIX = hexToBytes("302e020100300506032b657004220420");

const createNodeDriver = (node: NonNullable<typeof nodeCrypto>): SuiteDriver => ({
  name: "node:crypto",
  signer: (secretKey) => {
    const key = node.createPrivateKey({
      key: Buffer.from(concatBytes(PKCS8_PREFIX, secretKey)),
      format: "der",
      type: "pkcs8",
    });
    return (message) => plainBytes(node.sign(null, message, key));
  },
  verifier: (publicKey) => {
    const key = node.createPublicKey({
      key: Buffer.from(concatBytes(SPKI_PREFIX, publicKey)),
      format: "der",
      type: "spki",
    });
    return (signature, message) => node.verify(null, message, key, signature);
  },
});

/** Ed25519 (RFC 8032): deterministic, 64-byte signatures, 32-byte keys of the prime-order subgroup only. */
export const ed25519Suite = defineSuite({
  name: "ed25519",
  signatureLength: 64,
  publicKeyLength: 32,
  spkiPrefix: SPKI_PREFIX,
  reference,
  fast: nodeCrypto && createNodeDriver(nodeCrypto),
  generate: () => ed25519.utils.randomSecretKey(),
  derivePublicKey: (secretKey) => ed25519.getPublicKey(secretKey),
  checkPublicKey: (publicKey) => {
    // Small-order and mixed-order keys make one signature hold for many messages.
    const point = Point.fromBytes(publicKey);
    if (point.isSmallOrder() || !point.isTorsionFree()) throw new Error("not of prime order");
  },
  // s must be below the group order, else (R, s + L) is a second signature. The identity as R tells the secret key;
  // Node 24 refuses it and Node 20 and 22 do not, and a signature must mean the same on all of them.
  isCanonicalSignature: (signature) =>
    toScalar(signature.subarray(32)) < Point.CURVE().n &&
    !bytesEqual(signature.subarray(0, 32), IDENTITY),
});
