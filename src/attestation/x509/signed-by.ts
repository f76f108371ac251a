import { sha256Hex } from "../../crypto/hashes.ts";
import { createBoundedCache } from "./bounded-cache.ts";
import type { PublicKey } from "./public-key.ts";
import type { SignatureAlgorithm } from "./signature-algorithm.ts";
import { verifySignature } from "./verify-signature.ts";

/** A certificate or CRL: something signed that knows the digest of all its bytes. */
export interface SignedObject {
  readonly fingerprint: string;
  readonly tbs: Uint8Array;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signature: Uint8Array;
}

const known = createBoundedCache<true>(512);

/**
 * True when `key` signed the object. That a signature is right never changes, so a right one is remembered by the
 * digests of object and key; neither time nor revocation is part of it.
 */
export const isSigned = (object: SignedObject, key: PublicKey): boolean => {
  const name = `${object.fingerprint}/${sha256Hex(key.spki)}`;
  if (known.get(name) === true) return true;
  const right = verifySignature(key, object.signatureAlgorithm, object.tbs, object.signature);
  if (right) known.set(name, true);
  return right;
};
