/** Signs whole messages with one secret key; the hash belongs to the suite. */
export interface Signer {
  /** Raw public key: 32 bytes (Ed25519) or the 65-byte uncompressed point. */
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

/** Checks signatures of one public key. Never throws: whatever is not a valid signature is `false`. */
export interface Verifier {
  verify(signature: Uint8Array, message: Uint8Array): boolean;
}

/** One implementation of a suite's arithmetic; drivers of one suite agree byte for byte or accept each other. */
export interface SuiteDriver {
  readonly name: string;
  /** `secretKey` was checked before. */
  signer(secretKey: Uint8Array, publicKey: Uint8Array): (message: Uint8Array) => Uint8Array;
  /** `publicKey` was checked before; the signature has the suite's length and is not malleable. */
  verifier(publicKey: Uint8Array): (signature: Uint8Array, message: Uint8Array) => boolean;
}

/**
 * A signature algorithm with its hash and encodings. One file and one row of `suites.ts` each.
 * Secret keys are 32 bytes; signatures have one length and exactly one valid encoding.
 */
export interface Suite {
  readonly name: string;
  /** Bytes of a signature. */
  readonly signatureLength: number;
  /** The noble driver, which runs everywhere and which the others are held against. */
  readonly reference: SuiteDriver;
  /** The fastest driver of this machine; the reference where there is no other. */
  readonly fast: SuiteDriver;
  /** A fresh secret key from the platform's random source. */
  generate(): Uint8Array;
  /** Throws `SECRET_KEY_INVALID`. */
  publicKeyFromSecret(secretKey: Uint8Array): Uint8Array;
  /** Prepares the key once. Throws `SECRET_KEY_INVALID`. */
  signer(secretKey: Uint8Array, driver?: SuiteDriver): Signer;
  /** Prepares and checks the key once. Throws `PUBLIC_KEY_INVALID`. */
  verifier(publicKey: Uint8Array, driver?: SuiteDriver): Verifier;
  /** One-off form of `signer`. Throws `SECRET_KEY_INVALID`. */
  sign(message: Uint8Array, secretKey: Uint8Array): Uint8Array;
  /** One-off form of `verifier`; false also for a public key that is not valid. */
  verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
  /** Canonical SubjectPublicKeyInfo DER (RFC 5480, RFC 8410). Throws `PUBLIC_KEY_INVALID`. */
  exportSpki(publicKey: Uint8Array): Uint8Array;
  /** Raw public key of canonical SPKI DER. Throws `PUBLIC_KEY_INVALID`. */
  importSpki(spki: Uint8Array): Uint8Array;
  /** EVM address of the key, lower case; null where the suite has none. */
  address(publicKey: Uint8Array): `0x${string}` | null;
}
