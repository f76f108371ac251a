import { fabricError, isFabricError } from "../../src/core/errors/fabric-error.ts";
import type { ParsedOutcome } from "../protocol/abi-schemas.ts";
import type { Transcript } from "../protocol/transcript.ts";
import type { ReplayDifference, ReplayReport } from "./enclave.ts";
import { openJournal } from "./journal.ts";
import { jsonDifferences, textDifferences } from "./json-differences.ts";

/** Answers host calls from a transcript and notes where the guest asks something else. */
export interface ReplayDesk {
  readonly answer: (requestText: string) => Promise<string>;
  compare(outcome: ParsedOutcome, fuel: number): ReplayReport;
  /** The replayed run ended without an outcome: the same when the recorded one did so with the same code. */
  failed(error: unknown): ReplayReport;
}

/** Fuel of lanes whose steps cannot be compared is left out. */
export const createReplayDesk = (
  transcript: Transcript,
  { comparesFuel }: { readonly comparesFuel: boolean } = { comparesFuel: true },
): ReplayDesk => {
  const journal = openJournal(transcript);
  const differences: ReplayDifference[] = [];
  let next = 0;
  const report = (transcriptDigest: Transcript["head"]): ReplayReport => ({
    same: differences.length === 0,
    differences,
    transcriptDigest,
  });
  const note = (where: string, recorded: unknown, replayed: unknown): void => {
    differences.push(...jsonDifferences(where, recorded, replayed));
  };
  const differ = () =>
    fabricError("TRANSCRIPT_INVALID", {
      reason: `${differences[0]?.where ?? "a call"} is not what was recorded`,
    });
  /** Calls that only the recorded run made. */
  const noteMissing = (): void => {
    const missing = transcript.entries[next];
    if (missing) note(`call ${missing.seq}`, missing.request, undefined);
  };
  return {
    answer: async (request) => {
      const entry = transcript.entries[next];
      next += 1;
      if (!entry) note(`call ${next}`, undefined, request);
      else differences.push(...textDifferences(`call ${next}`, entry.request, request));
      if (!entry || differences.length > 0) throw differ();
      journal.append(entry);
      return entry.response;
    },
    compare: (outcome, fuel) => {
      noteMissing();
      note("outcome", transcript.outcome, outcome);
      if (comparesFuel) note("fuel", transcript.fuel, fuel);
      const { head } = journal.close(outcome, comparesFuel ? fuel : transcript.fuel);
      if (differences.length === 0) note("chain", transcript.head, head);
      return report(head);
    },
    failed: (error) => {
      if (differences.length === 0) {
        noteMissing();
        const code = isFabricError(error) ? error.code : "INTERNAL";
        const { outcome } = transcript;
        const recorded = "ended" in outcome ? outcome.ended.code : "an outcome";
        note("run", recorded, code);
      }
      return report(transcript.head);
    },
  };
};
