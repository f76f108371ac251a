import {
  isSealedTranscript,
  type RecordedTranscript,
} from "../../enclave-sim/protocol/sealed-transcript.ts";
import type { Transcript } from "../../enclave-sim/protocol/transcript.ts";

/** The transcript of a run that used nothing private; throws for a sealed one. */
export const plainTranscript = (recorded: RecordedTranscript | null): Transcript => {
  if (recorded === null || isSealedTranscript(recorded)) throw new Error("no plain transcript");
  return recorded;
};
