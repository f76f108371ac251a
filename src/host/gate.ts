import { withinSignal } from "../core/within-signal.ts";

/** Lets so many works run at once; the others wait in line. */
export interface Gate {
  /** Rejects with the signal's reason when it aborts while the work still waits. */
  run<Result>(
    work: () => Promise<Result>,
    options: { readonly signal: AbortSignal },
  ): Promise<Result>;
}

/** A gate for `limit` works. */
export const createGate = (limit: number): Gate => {
  let running = 0;
  const line: { readonly go: () => void }[] = [];
  const leave = (): void => {
    const next = line.shift();
    // The place goes from hand to hand: nobody slips in between.
    if (next) next.go();
    else running -= 1;
  };
  const enter = async (signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    if (running < limit) {
      running += 1;
      return;
    }
    let isMine = false;
    const turn = new Promise<void>((resolve) => {
      line.push({
        go: () => {
          isMine = true;
          resolve();
        },
      });
    });
    const [place] = line.slice(-1);
    try {
      await withinSignal(turn, signal);
    } catch (error) {
      if (isMine) leave();
      else if (place) line.splice(line.indexOf(place), 1);
      throw error;
    }
  };
  return {
    async run(work, { signal }) {
      await enter(signal);
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
};
