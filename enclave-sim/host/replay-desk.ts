import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { canonicalJson } from "../../src/envelope/canonical-json.ts";
import type { ParsedOutcome } from "../protocol/abi-schemas.ts";
import type { Transcript } from "../protocol/transcript.ts";
import type { ReplayReport } from "./enclave.ts";
import { openJournal } from "./journal.ts";

/** Answers host calls from a transcript and notes where the guest asks something else. */
export interface ReplayDesk {
  readonly answer: (requestText: string) => Promise<string>;
  compare(outcome: ParsedOutcome, fuel: number): ReplayReport;
  failed(error: unknown): ReplayReport;
}

export const createReplayDesk = (transcript: Transcript): ReplayDesk => {
  const journal = openJournal(transcript);
  const differences: string[] = [];
  let next = 0;
  const report = (transcriptDigest: Transcript["head"]): ReplayReport => ({
    same: differences.length === 0,
    differences,
    transcriptDigest,
  });
  const differ = (difference: string) => {
    differences.push(difference);
    return fabricError("TRANSCRIPT_INVALID", { reason: difference });
  };
  return {
    answer: async (request) => {
      const entry = transcript.entries[next];
      next += 1;
      if (!entry) throw differ(`call ${next} was not made in the recorded run`);
      if (entry.request !== request) throw differ(`call ${next} asks something else`);
      journal.append(entry);
      return entry.response;
    },
    compare: (outcome, fuel) => {
      if (next < transcript.entries.length)
        differences.push(`${transcript.entries.length - next} recorded calls were not made`);
      if (canonicalJson(outcome) !== canonicalJson(transcript.outcome))
        differences.push("the outcome is another");
      if (fuel !== transcript.fuel)
        differences.push(`it took ${fuel} ticks, ${transcript.fuel} are recorded`);
      const { head } = journal.close(outcome, fuel);
      if (head !== transcript.head && differences.length === 0)
        differences.push("the chain ends in another digest");
      return report(head);
    },
    failed: (error) => {
      if (differences.length === 0)
        differences.push(
          `the run failed: ${error instanceof Error && "code" in error ? String(error.code) : "unknown"}`,
        );
      return report(transcript.head);
    },
  };
};
