import { z } from "zod";
import { digestSchema, runIdSchema } from "../../src/core/ids.ts";
import type { Transcript } from "./transcript.ts";

export const SEALED_TRANSCRIPT_FORMAT = "cryptlet-sealed-transcript/v1";
/** Largest sealed transcript, in characters of base64: all answers of a run and what base64 adds. */
const MAX_CIPHERTEXT = 100_000_000;

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));
const base64 = (max: number) => z.string().max(max);

/**
 * A transcript that holds private data: AES-256-GCM under a key of its own, which is wrapped for the enclave that made
 * it and for each auditor whom the operator named. Whoever has none of these keys sees which run it is of, and no more.
 */
export const sealedTranscriptSchema = z.strictObject({
  format: z.literal(SEALED_TRANSCRIPT_FORMAT),
  runId: runIdSchema,
  measurement: digestSchema,
  /** Last link of the journal: what the signed statement names. */
  head: digestSchema,
  /** Blob of `seal` that only an enclave of the same measurement on the same platform opens. */
  enclaveKey: z.string().max(4_096),
  auditorKeys: z
    .array(
      z.strictObject({
        /** Raw X25519 public key. */
        recipient: hex(32),
        /** HPKE (RFC 9180) encapsulated key and ciphertext of the content key. */
        encapsulated: base64(64),
        ciphertext: base64(128),
      }),
    )
    .max(16),
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
