import {
  libSecp256k1,
  nobleSecp256k1,
  secp256k1Keys,
  secp256k1Order,
  type Secp256k1Arithmetic,
} from "../drivers/secp256k1.ts";
import { sha256 } from "../hashes.ts";
import { defineSuite } from "../define-suite.ts";
import type { SuiteDriver } from "../suite.ts";

const createDriver = (arithmetic: Secp256k1Arithmetic): SuiteDriver => ({
  name: arithmetic.name,
  signer: (secretKey) => (message) => arithmetic.sign(sha256(message), secretKey).signature,
  verifier: (publicKey) => (signature, message) =>
    arithmetic.verify(signature, sha256(message), publicKey),
});

/** ECDSA on secp256k1 with SHA-256 and RFC 6979 nonces: r || s, 64 bytes, low-s only. */
export const secp256k1Sha256Suite = defineSuite({
  name: "secp256k1-sha256",
  signatureLength: 64,
  ...secp256k1Keys,
  reference: createDriver(nobleSecp256k1),
  fast: libSecp256k1 && createDriver(libSecp256k1),
  isCanonicalSignature: (signature) => secp256k1Order.isCanonical(signature),
});
