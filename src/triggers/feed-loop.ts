import type { Clock } from "../core/clock.ts";
import type { FeedId } from "../core/ids.ts";
import { createWake } from "../core/wake.ts";
import type { FeedSchedule } from "./schedule.ts";
import { nextSlot, phaseOf } from "./slots.ts";
import type { TriggerEvent } from "./trigger-event.ts";

/** Longest uninterrupted sleep, ms: a clock that was set forward is noticed this soon. */
const LONGEST_SLEEP_MS = 30_000;
/** Pause after a failed run whose cursor could not move: doubles from here up to the feed's interval. */
const FIRST_PAUSE_MS = 200;

/** What a feed's loop works with. */
export interface FeedLoopOptions {
  readonly feed: FeedId;
  readonly schedule: FeedSchedule;
  readonly clock: Clock;
  /** Last slot whose effect is done; null before the first. */
  readonly lastSlot: number | null;
  /** Pause before the first event, ms. */
  readonly startDelayMs: number;
  /** Ends the loop; a run that is under way is waited for. */
  readonly stop: AbortSignal;
  /** Does the effect. */
  readonly handle: (event: TriggerEvent) => Promise<void>;
  /** Keeps the slot; called after the effect only. */
  readonly keep: (slot: number) => Promise<void>;
  readonly fault: (error: unknown) => void;
  readonly progress: () => void;
}

export interface FeedLoop {
  /** Resolves when the loop has ended. */
  readonly ended: Promise<void>;
  /** Asks for a run now, after the one that may be under way; resolves with the end of that run. */
  fire(): Promise<void>;
}

interface Asked {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs one feed: an event per slot, never two at a time. Waiting goes by the steady clock as well as by the wall
 * clock, so that a wall clock set back by an hour does not make an hour of silence.
 */
export const startFeedLoop = (options: FeedLoopOptions): FeedLoop => {
  const { feed, schedule, clock, stop } = options;
  const { intervalMs } = schedule;
  const phase = phaseOf(feed, intervalMs);
  const wake = createWake(clock);
  const asked: Asked[] = [];
  let lastSlot = options.lastSlot;
  let manual = 0;
  let failures = 0;
  /** Steady times between which the next slot fires; in between the wall clock decides. */
  let earliest = clock.monotonic() + options.startDelayMs;
  let latest = earliest + intervalMs;

  const pause = async (milliseconds: number): Promise<void> => {
    await wake.wait(Math.min(milliseconds, LONGEST_SLEEP_MS), { signal: stop }).catch(() => {});
  };

  /** ms until the next slot is due; 0 when it is. */
  const due = (): number => {
    const steady = clock.monotonic();
    const wall = lastSlot === null ? 0 : lastSlot + intervalMs - clock.now();
    return Math.max(0, earliest - steady, Math.min(latest - steady, wall));
  };

  const runManual = async (waiting: readonly Asked[]): Promise<void> => {
    manual += 1;
    const at = clock.now();
    try {
      await options.handle({
        id: `${feed}:manual:${at}:${manual}`,
        kind: "manual",
        feed,
        at,
        missed: 0,
      });
      for (const { resolve } of waiting) resolve();
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  };

  const runSlot = async (): Promise<void> => {
    const at = clock.now();
    const { slot, missed } = nextSlot(at, lastSlot, intervalMs, phase);
    latest = clock.monotonic() + intervalMs;
    try {
      await options.handle({ id: `${feed}:interval:${slot}`, kind: "interval", feed, at, missed });
      await options.keep(slot);
      lastSlot = slot;
      failures = 0;
    } catch (error) {
      // The cursor stays: the same slot, or a newer one that stands for it, comes again.
      const again = Math.min(intervalMs, FIRST_PAUSE_MS * 2 ** Math.min(failures, 20));
      failures += 1;
      earliest = clock.monotonic() + again;
      latest = earliest;
      options.fault(error);
    }
  };

  const loop = async (): Promise<void> => {
    // Whoever starts the loop has it in hand before the first event.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    while (!stop.aborted) {
      options.progress();
      if (asked.length > 0) await runManual(asked.splice(0));
      else if (due() === 0) await runSlot();
      else await pause(due());
    }
    for (const { reject } of asked) reject(stop.reason);
  };

  return {
    ended: loop(),
    fire: () =>
      new Promise((resolve, reject) => {
        if (stop.aborted) {
          reject(stop.reason as Error);
          return;
        }
        asked.push({ resolve, reject });
        wake.notify();
      }),
  };
};
