import { fabricError } from "../../src/core/errors/fabric-error.ts";

/** Runs of one Cryptlet: at most `width` at a time, the others wait in the order they came. */
export interface RunQueue {
  /** Throws `RUN_QUEUE_FULL`, and `INTERRUPTED` when the signal ends the wait. */
  enter<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result>;
}

const interrupted = () => fabricError("INTERRUPTED", { what: "The run" });

/** `waiting` bounds those that wait, not those that run. */
export const createRunQueue = (
  cryptlet: string,
  bounds: { readonly width: number; readonly waiting: number },
): RunQueue => {
  const waiters: (() => void)[] = [];
  let active = 0;

  /** Resolves with a place among the active: a free one, or one that is handed over. */
  const takePlace = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(interrupted());
      if (active < bounds.width) {
        active += 1;
        return resolve();
      }
      if (waiters.length >= bounds.waiting)
        return reject(fabricError("RUN_QUEUE_FULL", { waiting: waiters.length, cryptlet }));
      const leave = () => {
        waiters.splice(waiters.indexOf(go), 1);
        reject(interrupted());
      };
      const go = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      waiters.push(go);
      signal.addEventListener("abort", leave, { once: true });
    });
  const givePlace = () => {
    const next = waiters.shift();
    if (next) next();
    else active -= 1;
  };

  return {
    enter: async (work, signal) => {
      await takePlace(signal);
      try {
        return await work();
      } finally {
        givePlace();
      }
    },
  };
};
