import { p256 } from "@noble/curves/nist.js";
import { concatBytes, hexToBytes, plainBytes } from "../bytes.ts";
import { createEcdsaOrder } from "../drivers/ecdsa-scalar.ts";
import { nodeCrypto } from "../drivers/node-crypto.ts";
import { defineSuite } from "../define-suite.ts";
import type { SuiteDriver } from "../suite.ts";

/** Order of P-256 (SEC 2 section 2.4.2). */
const order = createEcdsaOrder("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");

const reference: SuiteDriver = {
  name: "noble",
  signer: (secretKey) => (message) => p256.sign(message, secretKey, { lowS: true }),
  verifier: (publicKey) => (signature, message) =>
    p256.verify(signature, message, publicKey, { lowS: true }),
};

const SPKI_PREFIX = hexToBytes("3059301306072a8648ce3d020106082a8648ce3d030107034200");
/** PKCS #8 with an ECPrivateKey (RFC 5915): the scalar, then the public key. */
const PKCS8_PREFIX = hexToBytes(
  "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420",
);
const PKCS8_PUBLIC = hexToBytes("a144034200");

const createNodeDriver = (node: NonNullable<typeof nodeCrypto>): SuiteDriver => ({
  name: "node:crypto",
  signer: (secretKey, publicKey) => {
    const key = node.createPrivateKey({
      key: Buffer.from(concatBytes(PKCS8_PREFIX, secretKey, PKCS8_PUBLIC, publicKey)),
      format: "der",
      type: "pkcs8",
    });
    const options = { key, dsaEncoding: "ieee-p1363" } as const;
    return (message) => order.normalise(plainBytes(node.sign("sha256", message, options)));
  },
  verifier: (publicKey) => {
    const key = node.createPublicKey({
      key: Buffer.from(concatBytes(SPKI_PREFIX, publicKey)),
      format: "der",
      type: "spki",
    });
    const options = { key, dsaEncoding: "ieee-p1363" } as const;
    return (signature, message) => node.verify("sha256", message, options, signature);
  },
});

/**
 * ECDSA on P-256 with SHA-256 (FIPS 186-5): r || s, 64 bytes, low-s only.
 * OpenSSL draws its nonce, noble derives it (RFC 6979): two drivers accept each other but differ in bytes.
 */
export const p256Sha256Suite = defineSuite({
  name: "p256-sha256",
  signatureLength: 64,
  publicKeyLength: 65,
  spkiPrefix: SPKI_PREFIX,
  reference,
  fast: nodeCrypto && createNodeDriver(nodeCrypto),
  generate: () => p256.utils.randomSecretKey(),
  derivePublicKey: (secretKey) => p256.getPublicKey(secretKey, false),
  checkPublicKey: (publicKey) => p256.Point.fromBytes(publicKey).assertValidity(),
  isCanonicalSignature: (signature) => order.isCanonical(signature),
});
