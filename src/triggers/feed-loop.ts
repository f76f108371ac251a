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

/** What a request brings along. */
export interface AskedRun {
  /** Idempotency key of its event. */
  readonly id: string;
  /** Called once, when everything stands ready for the run and before it begins. */
  readonly begin: () => Promise<void>;
}

/** What a feed's loop works with. */
export interface FeedLoopOptions<Result> {
  readonly feed: FeedId;
  readonly schedule: FeedSchedule;
  readonly clock: Clock;
  /** Last slot whose effect is done; null before the first. */
  readonly lastSlot: number | null;
  /** Pause before the first event, ms. */
  readonly startDelayMs: number;
  /** Ends the loop; a run that is under way is waited for. */
  readonly stop: AbortSignal;
  /** Does the effect; calls `begin` before a run begins. */
  readonly handle: (event: TriggerEvent, begin: () => Promise<void>) => Promise<Result>;
  /** Keeps the slot; called after the effect only. */
  readonly keep: (slot: number) => Promise<void>;
  readonly fault: (error: unknown) => void;
  readonly progress: () => void;
}

export interface FeedLoop<Result> {
  /** Resolves when the loop has ended. */
  readonly ended: Promise<void>;
  /**
   * Asks for a run now, after the one that may be under way; resolves with the end of that run. Calls without `run` that
   * wait together share one; each with `run` has one of its own.
   */
  fire(run?: AskedRun): Promise<Result>;
}

interface Asked<Result> {
  readonly run: AskedRun | null;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

const nothing = async (): Promise<void> => {};

/**
 * Runs one feed: an event per slot, never two at a time. Waiting goes by the steady clock as well as by the wall
 * clock, so that a wall clock set back by an hour does not make an hour of silence.
 */
export const startFeedLoop = <Result>(options: FeedLoopOptions<Result>): FeedLoop<Result> => {
  const { feed, schedule, clock, stop } = options;
  const { intervalMs } = schedule;
  const phase = phaseOf(feed, intervalMs);
  const wake = createWake(clock);
  const asked: Asked<Result>[] = [];
  /** A slot that is due goes before the second of two that were asked for. */
  let slotsTurn = false;
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

  /** The first that was asked for, with all that may share its run. */
  const takeAsked = (): readonly Asked<Result>[] => {
    const alone = asked[0]?.run !== null;
    const taken = alone ? asked.splice(0, 1) : asked.filter(({ run }) => run === null);
    if (!alone) asked.splice(0, asked.length, ...asked.filter(({ run }) => run !== null));
    return taken;
  };

  const runAsked = async (waiting: readonly Asked<Result>[]): Promise<void> => {
    const run = waiting[0]?.run ?? null;
    manual += 1;
    const at = clock.now();
    const id = run?.id ?? `${feed}:manual:${at}:${manual}`;
    const kind = run === null ? "manual" : "request";
    try {
      const result = await options.handle({ id, kind, feed, at, missed: 0 }, run?.begin ?? nothing);
      for (const { resolve } of waiting) resolve(result);
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  };

  const runSlot = async (): Promise<void> => {
    const at = clock.now();
    const { slot, missed } = nextSlot(at, lastSlot, intervalMs, phase);
    latest = clock.monotonic() + intervalMs;
    try {
      const id = `${feed}:interval:${slot}`;
      await options.handle({ id, kind: "interval", feed, at, missed }, nothing);
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
      const isDue = due() === 0;
      if (asked.length > 0 && !(slotsTurn && isDue)) {
        slotsTurn = true;
        await runAsked(takeAsked());
      } else if (isDue) {
        slotsTurn = false;
        await runSlot();
      } else await pause(due());
    }
    for (const { reject } of asked) reject(stop.reason);
  };

  return {
    ended: loop(),
    fire: (run) =>
      new Promise((resolve, reject) => {
        if (stop.aborted) {
          reject(stop.reason as Error);
          return;
        }
        asked.push({ run: run ?? null, resolve, reject });
        wake.notify();
      }),
  };
};
