import type { FeedManifest, Manifest } from "../../src/sdk/manifest.ts";
import { isSealedTranscript, type RecordedTranscript } from "../protocol/sealed-transcript.ts";
import type { Transcript } from "../protocol/transcript.ts";
import type { LoadOptions } from "./enclave.ts";
import { openTranscript, parseRecordedTranscript, sealTranscript } from "./seal-transcript.ts";
import type { Keyset } from "./sealed-keys.ts";

/** In which form transcripts leave the enclave, and back. */
export interface TranscriptRecorder {
  /** Sealed where the run used private data, or where the host wants all of them sealed. */
  record(transcript: Transcript): Promise<RecordedTranscript>;
  /** From outside. Throws `TRANSCRIPT_INVALID`, `TRANSCRIPT_SEALED`. */
  open(value: unknown): Promise<Transcript>;
}

/**
 * Whether a transcript holds what is nobody else's business: a record, state, what was read with a secret, or what
 * another Cryptlet said, of which nothing is known here.
 */
export const holdsPrivateData = (
  { trigger, entries }: Transcript,
  feeds: readonly Pick<FeedManifest, "id" | "kind">[],
): boolean =>
  feeds.find(({ id }) => id === trigger.feed)?.kind !== "decimal" ||
  entries.some(
    ({ op, provenance }) =>
      op.startsWith("state.") ||
      op === "call" ||
      provenance.some(({ secrets }) => secrets !== undefined && secrets.length > 0),
  );

/** Recorder of one loaded Cryptlet. */
export const createTranscriptRecorder = (parts: {
  readonly manifest: Pick<Manifest, "feeds">;
  readonly policy: LoadOptions["transcripts"];
  readonly encryption: Keyset["encryption"];
}): TranscriptRecorder => {
  const { manifest, encryption } = parts;
  const { seal, auditors } = parts.policy ?? { seal: "private", auditors: [] };
  return {
    record: async (transcript) =>
      seal === "always" || holdsPrivateData(transcript, manifest.feeds)
        ? sealTranscript(transcript, [encryption.publicKey, ...auditors])
        : transcript,
    open: async (value) => {
      const recorded = parseRecordedTranscript(value);
      return isSealedTranscript(recorded)
        ? openTranscript(recorded, encryption.secretKey)
        : recorded;
    },
  };
};
