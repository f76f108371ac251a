import { setTimeout as sleep } from "node:timers/promises";

/** Time as a port, so that tests and replays own it. */
export interface Clock {
  /** ms since epoch. */
  now(): number;
  /** ms on a line that never goes back; only differences mean something. */
  monotonic(): number;
  /** Resolves after `milliseconds`; rejects with the signal's reason when aborted. */
  sleep(milliseconds: number, options?: { signal?: AbortSignal }): Promise<void>;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (milliseconds, options) => {
    try {
      await sleep(milliseconds, undefined, options?.signal ? { signal: options.signal } : {});
    } catch (error) {
      // Node rejects with an error of its own, whose cause the reason is.
      options?.signal?.throwIfAborted();
      throw error;
    }
  },
};
