import { z } from "zod";
import type { Digest } from "../core/ids.ts";
import { hpkeSuiteNames } from "../crypto/hpke/hpke-suite.ts";
import { canonicalJson } from "../envelope/canonical-json.ts";
import { evidenceSchema } from "../envelope/bundle.ts";
import { secretNameSchema } from "./secret-policy.ts";

// Between a host and the broker. What the host carries is evidence in one direction and ciphertext in the other.

export const BROKER_PATHS = {
  challenges: "/v1/challenges",
  releases: "/v1/releases",
  health: "/health",
} as const;
/** Secrets of one request. */
export const MAX_NAMES = 32;
/** Bytes of a request: evidence with its collateral in base64. */
export const MAX_REQUEST_BYTES = 655_360;

const nonce = z.string().regex(/^[0-9a-f]{64}$/, "64 lower-case hex characters");
const base64 = (max: number) => z.string().max(max);

/** Answer of `POST /v1/challenges`. */
export const challengeSchema = z.strictObject({
  nonce,
  /** ms since epoch by the broker's clock. */
  expiresAt: z.int().min(0),
});
/** @see challengeSchema */
export type Challenge = z.infer<typeof challengeSchema>;

/** `POST /v1/releases`. */
export const releaseRequestSchema = z.strictObject({
  nonce,
  /** Purpose `kbs`, with the nonce and the key that the answer is encrypted to. */
  evidence: evidenceSchema,
  secrets: z.array(secretNameSchema).min(1).max(MAX_NAMES),
});
/** @see releaseRequestSchema */
export type ReleaseRequest = z.infer<typeof releaseRequestSchema>;

/** One secret for one enclave: HPKE base mode to the X25519 key of its evidence. */
const releasedSecretSchema = z.strictObject({
  name: secretNameSchema,
  suite: z.enum(hpkeSuiteNames),
  /** Base64. */
  enc: base64(64),
  ciphertext: base64(32_768),
});

/** Answer of `POST /v1/releases`. */
export const releaseAnswerSchema = z.strictObject({
  secrets: z.array(releasedSecretSchema).min(1).max(MAX_NAMES),
});
/** @see releaseAnswerSchema */
export type ReleaseAnswer = z.infer<typeof releaseAnswerSchema>;

const encoder = new TextEncoder();
/** HPKE `info` of every released secret. */
export const RELEASE_INFO = encoder.encode("cryptlet/key-broker/v1");

/** HPKE additional data: an answer opens for the request that it was made for and for nothing else. */
export const releaseAad = (facts: {
  readonly nonce: string;
  readonly cryptlet: string;
  readonly name: string;
  /** Digest of the evidence's bytes. */
  readonly evidence: Digest;
}): Uint8Array => encoder.encode(canonicalJson(facts));
