import { z } from "zod";
import { digestSchema, runIdSchema } from "../../src/core/ids.ts";
import type { Transcript } from "./transcript.ts";

export const SEALED_TRANSCRIPT_FORMAT = "cryptlet-sealed-transcript/v1";
/** Recipients of one transcript: the enclave's own key and the auditors'. */
export const MAX_RECIPIENTS = 17;
/** Largest sealed transcript in characters of base64: all answers of a run, and what base64 adds. */
const MAX_CIPHERTEXT = 100_000_000;

const x25519Key = z.string().regex(/^[0-9a-f]{64}$/, "64 lower-case hex characters");
const base64 = (max: number) => z.string().max(max);

/** What is readable without a key, and bound to the rest. */
const headerFields = {
  format: z.literal(SEALED_TRANSCRIPT_FORMAT),
  runId: runIdSchema,
  measurement: digestSchema,
  /** Last link of the journal: what the signed statement names. */
  head: digestSchema,
};

/**
 * A transcript that holds private data: AES-256-GCM under a key of its own, which HPKE (RFC 9180) wraps for the enclave
 * that made it and for each auditor whom the operator named. Others see which run it is of, and no more.
 */
export const sealedTranscriptSchema = z.strictObject({
  ...headerFields,
  recipients: z
    .array(
      z.strictObject({
        /** Raw X25519 public key. */
        key: x25519Key,
        encapsulated: base64(64),
        ciphertext: base64(128),
      }),
    )
    .min(1)
    .max(MAX_RECIPIENTS),
  nonce: base64(16),
  ciphertext: base64(MAX_CIPHERTEXT),
  tag: base64(24),
});
/** @see sealedTranscriptSchema */
export type SealedTranscript = z.infer<typeof sealedTranscriptSchema>;

/** A transcript as it leaves the enclave: plain, or sealed because it holds private data. Both name their `head`. */
export type RecordedTranscript = Transcript | SealedTranscript;

/** Tells the two forms apart. */
export const isSealedTranscript = (recorded: RecordedTranscript): recorded is SealedTranscript =>
  "format" in recorded;
