import type { Clock } from "./clock.ts";

/** Wakes a loop: on a call, or after a pause at the latest. */
export interface Wake {
  /** Ends the wait that runs, or else the next one. */
  notify(): void;
  /** Resolves on `notify` or after `milliseconds`; rejects with the signal's reason when aborted. */
  wait(milliseconds: number, options: { signal: AbortSignal }): Promise<void>;
}

/** For one waiting loop at a time. */
export const createWake = (clock: Clock): Wake => {
  let pending = false;
  let wakeUp: (() => void) | null = null;
  return {
    notify: () => {
      pending = true;
      wakeUp?.();
    },
    wait: async (milliseconds, { signal }) => {
      signal.throwIfAborted();
      if (!pending) {
        // One listener instead of AbortSignal.any, whose entries on a long-lived signal Node 20 never drops.
        const stop = new AbortController();
        const abort = () => stop.abort(signal.reason);
        signal.addEventListener("abort", abort, { once: true });
        const notified = new Promise<void>((resolve) => {
          wakeUp = resolve;
        });
        const timer = clock.sleep(milliseconds, { signal: stop.signal });
        try {
          await Promise.race([notified, timer]);
        } finally {
          wakeUp = null;
          signal.removeEventListener("abort", abort);
          stop.abort();
          timer.catch(() => undefined);
        }
      }
      pending = false;
    },
  };
};
