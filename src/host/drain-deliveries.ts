import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import { createWake } from "../core/wake.ts";
import { listDeliveries } from "../store/deliveries.ts";
import { latestRound } from "../store/rounds.ts";
import type { Store } from "../store/store.ts";
import type { FabricEvents } from "./fabric-events.ts";
import type { FeedDefinition } from "./feed-definition.ts";

/** A host that stops waits so long for its last rounds to be broadcast, ms; a process manager kills after ten seconds or more. */
const DRAIN_MS = 5_000;
/** Looks again this often even without news, ms. */
const LOOK_MS = 100;

/** Feeds whose newest round is not yet with its chains: no delivery stored, or none signed and broadcast. */
const waitingFeeds = async (
  store: Store,
  feeds: readonly FeedDefinition[],
): Promise<readonly string[]> => {
  const waiting: string[] = [];
  for (const { id, bindings } of feeds) {
    const newest = bindings.length === 0 ? null : await latestRound(store.db, id);
    // What another host made is that host's to broadcast first.
    if (!newest || newest.runId === null) continue;
    const rows = await listDeliveries(store.db, {
      feed: id,
      round: newest.round,
      limit: bindings.length,
    });
    const isOut =
      rows.length === bindings.length && rows.every(({ status }) => status !== "prepared");
    if (!isOut) waiting.push(id);
  }
  return waiting;
};

/**
 * Waits, when nothing new is made any more, until every feed's newest round has been broadcast, five seconds at most.
 * What is left stays stored and goes on at the next start.
 */
export const drainDeliveries = async (parts: {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: FabricEvents;
  readonly feeds: readonly FeedDefinition[];
}): Promise<void> => {
  const { store, clock, log, events, feeds } = parts;
  const wake = createWake(clock);
  const unsubscribe = events.subscribe((event) => {
    if (event.type === "delivery") wake.notify();
  });
  const never = new AbortController();
  const end = clock.monotonic() + DRAIN_MS;
  try {
    for (;;) {
      const waiting = await waitingFeeds(store, feeds);
      if (waiting.length === 0) return;
      if (clock.monotonic() >= end) {
        log.warn("rounds wait for the next start", { feeds: waiting });
        return;
      }
      await wake.wait(LOOK_MS, { signal: never.signal });
    }
  } finally {
    unsubscribe();
  }
};
