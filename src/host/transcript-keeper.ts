import {
  isSealedTranscript,
  type RecordedTranscript,
} from "../../enclave-sim/protocol/sealed-transcript.ts";
import type { FabricConfig } from "../core/config/schema.ts";
import type { StoredTranscript } from "../store/transcripts.ts";

/** Which runs' transcripts are stored; how a run ended decides, never what it holds: private ones arrive sealed. */
export interface TranscriptKeeper {
  /** What is stored with the end of a run; null when the policy keeps none of its kind. */
  keepOf(
    end: "published" | "unchanged" | "failed",
    recorded: RecordedTranscript | null,
  ): StoredTranscript | null;
}

export const createTranscriptKeeper = ({
  keep,
}: Pick<FabricConfig["transcripts"], "keep">): TranscriptKeeper => ({
  keepOf: (end, recorded) => {
    if (recorded === null || keep === "none" || (keep === "published" && end === "unchanged"))
      return null;
    const form = isSealedTranscript(recorded) ? "sealed" : "plain";
    return { digest: recorded.head, form, body: JSON.stringify(recorded) };
  },
});
