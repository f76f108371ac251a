import type { ErrorEntry } from "../arguments.ts";

export const cryptoErrors = {
  SUITE_UNKNOWN: {
    kind: "user",
    message: "There is no signature suite {suite}",
    hint: "Suites: ed25519, p256-sha256, secp256k1-sha256, secp256k1-keccak256, schnorr-secp256k1-keccak256.",
  },
  SECRET_KEY_INVALID: {
    kind: "user",
    message: "The secret key is not valid for {suite}: {reason}",
    hint: "A secret key is 32 bytes; on the ECDSA curves it is above zero and below the group's order.",
  },
  PUBLIC_KEY_INVALID: {
    kind: "user",
    message: "The public key is not valid for {suite}: {reason}",
    hint: "Give an uncompressed point on the curve, inside a canonical SubjectPublicKeyInfo.",
  },
  KEY_RECORD_INVALID: {
    kind: "user",
    message: "The key record {keyid} is not consistent: {reason}",
    hint: "keyid is sha256: and the SHA-256 of the SPKI; an address belongs to secp256k1-keccak256 and schnorr-secp256k1-keccak256 only.",
  },
  SIGNING_FAILED: {
    kind: "internal",
    message: "Signing with {suite} failed: {reason}",
    hint: "Check that the key fits the suite; run npm test on this machine if it persists.",
  },
  BASE64_INVALID: {
    kind: "user",
    message: "{what} is not base64",
    hint: "Use padded standard or URL-safe base64 (RFC 4648) without line breaks.",
  },
  HEX_INVALID: {
    kind: "user",
    message: "{what} is not hexadecimal text of the right length",
    hint: "Use an even count of the digits 0-9 and a-f.",
  },
  HPKE_OPEN_FAILED: {
    kind: "verification",
    message: "The encrypted message cannot be opened",
    hint: "It is for another key, was changed, or belongs to another request than the one that it came with.",
  },
  PEM_INVALID: {
    kind: "user",
    message: "The PEM text cannot be read: {reason}",
    hint: "Give exactly one PUBLIC KEY block (RFC 7468).",
  },
} as const satisfies Record<string, ErrorEntry>;
