import type { Clock } from "../../src/core/clock.ts";
import type { RunBounds } from "./guest.ts";

/** Tells a guest's own time from the time in which it waits for the host. */
export interface RunMeter {
  readonly answer: RunBounds["answer"];
  /** ms in which the guest computed, so far or until `stop`. */
  guestMs(): number;
  stop(): void;
}

/** Begins to count now; `answer` is the host's half of each call. */
export const createRunMeter = (clock: Clock, answer: RunBounds["answer"]): RunMeter => {
  const begun = clock.monotonic();
  let waited = 0;
  /** When the call under way began; a guest makes one at a time. */
  let since: number | null = null;
  let ended: number | null = null;
  return {
    answer: async (text, signal) => {
      since = clock.monotonic();
      try {
        return await answer(text, signal);
      } finally {
        waited += clock.monotonic() - since;
        since = null;
      }
    },
    stop: () => {
      ended ??= clock.monotonic();
    },
    guestMs: () => {
      const now = ended ?? clock.monotonic();
      return now - begun - waited - (since === null ? 0 : Math.max(0, now - since));
    },
  };
};
