import { hkdfSync } from "node:crypto";
import type { SigningKey } from "../../src/crypto/key-record.ts";
import { createKeyRecord, createSigningKey } from "../../src/crypto/key-record.ts";
import { suiteOf } from "../../src/crypto/suites.ts";

const DOMAIN = "cryptlet/simulated-platform/v1";

/** Bytes of the platform's seed for one purpose (HKDF-SHA-256). */
export const derive = (seed: Uint8Array, purpose: string, length: number): Uint8Array =>
  new Uint8Array(hkdfSync("sha256", seed, DOMAIN, purpose, length));

/**
 * A P-256 key of the seed whose signatures are deterministic (RFC 6979): what is issued again is the same bytes, so that
 * no certificate has to be stored.
 */
export const issuingKey = (seed: Uint8Array, purpose: string): SigningKey => {
  const suite = suiteOf("p256-sha256");
  const signer = suite.signer(scalar(seed, purpose), suite.reference);
  return {
    record: createKeyRecord("p256-sha256", signer.publicKey),
    sign: (message) => signer.sign(message),
  };
};

/** A P-256 key of the seed that signs fast: for quotes, whose bytes need not repeat. */
export const quotingKey = (seed: Uint8Array, purpose: string): SigningKey =>
  createSigningKey("p256-sha256", scalar(seed, purpose));

const scalar = (seed: Uint8Array, purpose: string): Uint8Array => {
  const suite = suiteOf("p256-sha256");
  // A scalar out of range has a chance of 2^-32: then the next candidate.
  for (let attempt = 0; ; attempt += 1) {
    const candidate = derive(seed, `${purpose}/${attempt}`, 32);
    try {
      suite.publicKeyFromSecret(candidate);
      return candidate;
    } catch {
      continue;
    }
  }
};
