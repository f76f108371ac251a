import { setMaxListeners } from "node:events";
import type { Clock } from "../core/clock.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { FeedId } from "../core/ids.ts";
import type { Store } from "../store/store.ts";
import { moveCursor, readCursor } from "../store/trigger-cursors.ts";
import { startFeedLoop, type AskedRun, type FeedLoop } from "./feed-loop.ts";
import type { FeedSchedule } from "./schedule.ts";
import type { TriggerEvent } from "./trigger-event.ts";

/** The feeds that are due together at a start begin within this time, ms. */
const START_SPREAD_MS = 2_000;

export interface TriggersOptions<Result> {
  readonly store: Store;
  readonly clock: Clock;
  readonly feeds: readonly { readonly feed: FeedId; readonly schedule: FeedSchedule }[];
  /**
   * Does the effect of an event. The cursor moves when it resolves; when it throws the slot comes again, so it may
   * see an event's id twice and throws only when a retry makes sense. Calls `begin` before a run begins.
   */
  readonly handle: (event: TriggerEvent, begin: () => Promise<void>) => Promise<Result>;
  /** Hears what `handle` or the cursor threw. */
  readonly fault: (feed: FeedId, error: unknown) => void;
  /** Called at each turn of a feed's loop, at least every 30 s while no run is under way. */
  readonly progress: (feed: FeedId) => void;
}

export interface Triggers<Result = void> {
  /**
   * Asks for a run now; resolves with its end. With `run` it is a run of its own under that id, else it may be shared.
   * Throws `FEED_UNKNOWN`, `INTERRUPTED` when it stops before the event, and whatever `handle` throws.
   */
  fire(feed: FeedId, run?: AskedRun): Promise<Result>;
  /** Takes no more events and waits for runs that are under way. */
  stop(): Promise<void>;
}

/**
 * Starts the loops of all feeds, longest overdue first and spread over two seconds.
 * @example
 * ```ts
 * const triggers = await startTriggers({ store, clock, feeds, handle, fault, progress });
 * ```
 */
export const startTriggers = async <Result>(
  options: TriggersOptions<Result>,
): Promise<Triggers<Result>> => {
  const { store, clock } = options;
  const halt = new AbortController();
  // One listener per feed that waits.
  setMaxListeners(0, halt.signal);
  const loops = new Map<FeedId, FeedLoop<Result>>();
  const feeds = [];
  for (const entry of options.feeds)
    feeds.push({ ...entry, lastSlot: await readSlot(store, entry.feed) });
  feeds.sort((a, b) => dueAt(a) - dueAt(b));
  for (const [place, { feed, schedule, lastSlot }] of feeds.entries()) {
    const spread = Math.min(START_SPREAD_MS, schedule.intervalMs);
    const loop = startFeedLoop({
      feed,
      schedule,
      clock,
      lastSlot,
      startDelayMs: Math.floor((place * spread) / feeds.length),
      stop: halt.signal,
      handle: options.handle,
      keep: async (slot) => {
        await store.transaction(
          (trx) => moveCursor(trx, cursorId(feed), String(slot), clock.now()),
          // Lost in a power cut, the slot comes again.
          { sync: "later" },
        );
      },
      fault: (error) => {
        options.fault(feed, error);
      },
      progress: () => {
        options.progress(feed);
      },
    });
    loops.set(feed, loop);
  }
  return {
    fire: async (feed, run) => {
      const loop = loops.get(feed);
      if (!loop) throw fabricError("FEED_UNKNOWN", { feed });
      return await loop.fire(run);
    },
    stop: async () => {
      halt.abort(fabricError("INTERRUPTED", { what: "The trigger" }));
      await Promise.all([...loops.values()].map((loop) => loop.ended));
    },
  };
};

/** Name of a feed's cursor, for who wants to move it in the transaction of the effect. */
export const cursorId = (feed: FeedId): string => `${feed}:interval`;

/** A cursor that makes no sense counts as none: the feed runs at once. */
const readSlot = async (store: Store, feed: FeedId): Promise<number | null> => {
  const slot = Number((await readCursor(store.db, cursorId(feed))) ?? Number.NaN);
  return Number.isSafeInteger(slot) ? slot : null;
};

const dueAt = (entry: { readonly lastSlot: number | null; readonly schedule: FeedSchedule }) =>
  entry.lastSlot === null ? 0 : entry.lastSlot + entry.schedule.intervalMs;
