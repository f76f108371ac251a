import type { Clock } from "./clock.ts";

/** A clock that moves only when told: for tests and replays. */
export interface ManualClock extends Clock {
  /** Move on by `milliseconds`, waking every sleeper that is due, in order. */
  advance(milliseconds: number): Promise<void>;
  /** How many sleepers wait; a test waits for this instead of sleeping. */
  readonly sleepers: number;
}

interface Sleeper {
  readonly due: number;
  readonly wake: () => void;
}

/**
 * @example
 * ```ts
 * const clock = createManualClock(1_000);
 * await clock.advance(500);
 * clock.now(); // 1500
 * ```
 */
export const createManualClock = (start = 0): ManualClock => {
  let time = start;
  const sleepers = new Set<Sleeper>();
  return {
    now: () => time,
    monotonic: () => time - start,
    sleep: (milliseconds, options) =>
      new Promise((resolve, reject) => {
        const signal = options?.signal;
        if (signal?.aborted) {
          reject(signal.reason as Error);
          return;
        }
        const abort = () => {
          sleepers.delete(sleeper);
          reject(signal?.reason as Error);
        };
        const sleeper: Sleeper = {
          due: time + milliseconds,
          wake: () => {
            sleepers.delete(sleeper);
            signal?.removeEventListener("abort", abort);
            resolve();
          },
        };
        signal?.addEventListener("abort", abort, { once: true });
        sleepers.add(sleeper);
      }),
    advance: async (milliseconds) => {
      const target = time + milliseconds;
      for (;;) {
        const next = [...sleepers]
          .filter((s) => s.due <= target)
          .toSorted((a, b) => a.due - b.due)[0];
        if (!next) break;
        time = Math.max(time, next.due);
        next.wake();
        // Let whoever was woken run, and perhaps sleep again, before time goes on.
        await new Promise((resolve) => setImmediate(resolve));
      }
      time = target;
      await new Promise((resolve) => setImmediate(resolve));
    },
    get sleepers() {
      return sleepers.size;
    },
  };
};
