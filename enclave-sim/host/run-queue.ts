import { fabricError } from "../../src/core/errors/fabric-error.ts";

/** Runs of one guest, one after the other in the order they came. */
export interface RunQueue {
  /** Throws `RUN_QUEUE_FULL`, and the signal's `INTERRUPTED` while waiting. */
  enter<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result>;
}

export const createRunQueue = (cryptlet: string, limit: number): RunQueue => {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return {
    enter: async (work, signal) => {
      if (waiting >= limit) throw fabricError("RUN_QUEUE_FULL", { waiting, cryptlet });
      waiting += 1;
      const turn = last.then(async () => {
        waiting -= 1;
        if (signal.aborted) throw fabricError("INTERRUPTED", { what: "The run" });
        return work();
      });
      // The next run waits for the end of this one, not for its success.
      last = turn.catch(() => undefined);
      return turn;
    },
  };
};
