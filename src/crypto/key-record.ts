import * as z from "zod";
import { fabricError } from "../core/errors/fabric-error.ts";
import { addressSchema, digestSchema } from "../core/ids.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { digestOf } from "./hashes.ts";
import type { Suite, Verifier } from "./suite.ts";
import { suiteNames, suiteOf, type SuiteName } from "./suites.ts";

/** A public key with its algorithm: the only place a verifier learns the algorithm from. */
export const keyRecordSchema = z.strictObject({
  /** `sha256:` and the SHA-256 of the SPKI DER. */
  keyid: digestSchema,
  suite: z.enum(suiteNames),
  /** Base64 of the SPKI DER. */
  publicKey: z.string().max(200),
  /** EVM address, lower case; `secp256k1-keccak256` and `schnorr-secp256k1-keccak256` only. */
  address: addressSchema.optional(),
});

/** @see keyRecordSchema */
export type KeyRecord = z.infer<typeof keyRecordSchema>;

/** A secret key ready to sign, with the record that the world sees. */
export interface SigningKey {
  readonly record: KeyRecord;
  sign(message: Uint8Array): Uint8Array;
}

/** A checked public key ready to verify. */
export interface VerifyingKey extends Verifier {
  readonly record: KeyRecord;
}

/** Record of a raw public key. Throws `SUITE_UNKNOWN`, `PUBLIC_KEY_INVALID`. */
export const createKeyRecord = (suiteName: SuiteName, publicKey: Uint8Array): KeyRecord => {
  const suite = suiteOf(suiteName);
  const spki = suite.exportSpki(publicKey);
  const address = suite.address(publicKey);
  return {
    keyid: digestOf(spki),
    suite: suiteName,
    publicKey: encodeBase64(spki),
    ...(address === null ? {} : { address: addressSchema.parse(address) }),
  };
};

/**
 * A key that signs; without a secret key, a fresh one. Throws `SUITE_UNKNOWN`, `SECRET_KEY_INVALID`.
 * @example
 * ```ts
 * const key = createSigningKey("ed25519");
 * key.sign(message); // 64 bytes
 * ```
 */
export const createSigningKey = (
  suiteName: SuiteName,
  secretKey: Uint8Array = suiteOf(suiteName).generate(),
): SigningKey => {
  const signer = suiteOf(suiteName).signer(secretKey);
  return {
    record: createKeyRecord(suiteName, signer.publicKey),
    sign: (message) => signer.sign(message),
  };
};

const refuse = (record: KeyRecord, reason: string): never => {
  throw fabricError("KEY_RECORD_INVALID", { keyid: record.keyid, reason });
};

const checkRecord = (record: KeyRecord, suite: Suite, spki: Uint8Array): Uint8Array => {
  const publicKey = suite.importSpki(spki);
  if (digestOf(spki) !== record.keyid) refuse(record, "keyid is not the digest of the public key");
  if (record.address !== undefined && record.address !== suite.address(publicKey))
    refuse(record, "the address is not the key's");
  return publicKey;
};

/** Check a record and make its key usable. Throws `SUITE_UNKNOWN`, `BASE64_INVALID`, `PUBLIC_KEY_INVALID`, `KEY_RECORD_INVALID`. */
export const createVerifyingKey = (record: KeyRecord): VerifyingKey => {
  const suite = suiteOf(record.suite);
  const spki = decodeBase64(record.publicKey, "public key");
  const verifier = suite.verifier(checkRecord(record, suite, spki));
  return { record, verify: (signature, message) => verifier.verify(signature, message) };
};
