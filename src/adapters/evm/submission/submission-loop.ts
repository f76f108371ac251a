import type { Clock } from "../../../core/clock.ts";
import { createWake } from "../../../core/wake.ts";

/** Turns passes over a chain as fast as there is something to see, and no faster. */
export interface SubmissionLoop {
  /** Starts it, or makes it turn at once. */
  nudge(): void;
  /** Ends it; nothing runs any more when this resolves. */
  close(reason: unknown): Promise<void>;
}

/** What there is to do besides passes. */
export interface LoopParts {
  readonly clock: Clock;
  /** Longest pause while something is open, ms. */
  readonly pollMs: number;
  /** One pass; true when the chain moved. */
  readonly pass: (options: { readonly signal: AbortSignal }) => Promise<boolean>;
  /** `open`: somebody waits. `watched`: a reorg may still reach what ended. */
  readonly standing: () => "open" | "watched" | "idle";
  /** A pass failed that often in a row; the next one comes after `pauseMs`. */
  readonly onTrouble: (error: unknown, times: number, pauseMs: number) => Promise<void>;
  /** A pass ended well after so many that did not. */
  readonly onEndOfTrouble: (times: number) => Promise<void>;
}

const FIRST_PAUSE_MS = 4;
const WATCH_MS = 2_000;
const IDLE_MS = 60_000;
const FIRST_TROUBLE_MS = 250;
const LONGEST_TROUBLE_MS = 30_000;

export const createSubmissionLoop = (parts: LoopParts): SubmissionLoop => {
  const { clock, pollMs } = parts;
  const wake = createWake(clock);
  const closing = new AbortController();
  const { signal } = closing;
  let nudges = 0;
  let troubles = 0;
  let pause = FIRST_PAUSE_MS;
  let running: Promise<void> | null = null;

  const turn = async (): Promise<void> => {
    const before = nudges;
    const hasMoved = await parts.pass({ signal });
    if (troubles > 0) await parts.onEndOfTrouble(troubles);
    troubles = 0;
    pause = hasMoved || nudges !== before ? FIRST_PAUSE_MS : Math.min(pause * 2, pollMs);
    const standing = parts.standing();
    const idle = standing === "idle" ? IDLE_MS : Math.max(WATCH_MS, pollMs);
    const seen = nudges;
    await wake.wait(standing === "open" ? pause : idle, { signal });
    if (nudges !== seen) pause = FIRST_PAUSE_MS;
  };

  const beInTrouble = async (fault: unknown): Promise<void> => {
    troubles += 1;
    const doubled = FIRST_TROUBLE_MS * 2 ** Math.min(troubles - 1, 8);
    const pauseMs = Math.min(LONGEST_TROUBLE_MS, doubled);
    // Saying it may fail as well: that is no reason to turn faster, or to end.
    await parts.onTrouble(fault, troubles, pauseMs).catch(() => undefined);
    await clock.sleep(pauseMs, { signal });
  };

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await turn();
      } catch (error) {
        if (signal.aborted) return;
        await beInTrouble(error).catch(() => undefined);
      }
    }
  };

  return {
    nudge: () => {
      nudges += 1;
      running ??= run();
      wake.notify();
    },
    close: async (reason) => {
      closing.abort(reason);
      await running;
    },
  };
};
