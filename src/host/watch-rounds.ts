import { toDeliveryRecord } from "../adapters/contract/delivery-record.ts";
import type { FeedId } from "../core/ids.ts";
import { listDeliveries } from "../store/deliveries.ts";
import { roundsAfter, type RoundRow } from "../store/rounds.ts";
import type { Store } from "../store/store.ts";
import type { FabricEvents } from "./fabric-events.ts";
import type { RoundView } from "./fabric.ts";
import { readCommittedRound } from "./round-view.ts";

/** Rounds read from the database at a time. */
const PAGE = 100;
/** Most deliveries that stand beside one round. */
const MAX_DELIVERIES = 100;

/** A stored round with its deliveries as they are now. */
export const readRoundView = async (store: Store, row: RoundRow): Promise<RoundView> => {
  const deliveries = await listDeliveries(store.db, {
    feed: row.feed,
    round: row.round,
    limit: MAX_DELIVERIES,
  });
  return { ...readCommittedRound(row), deliveries: deliveries.map(toDeliveryRecord) };
};

/**
 * Every round of a feed after `afterRound`, in order and without gaps. Events only wake it; the rounds come from the
 * database, so that a slow reader costs no memory and loses nothing.
 */
export async function* watchRounds(
  { store, events }: { readonly store: Store; readonly events: FabricEvents },
  feed: FeedId,
  { afterRound, signal }: { readonly afterRound: number; readonly signal: AbortSignal },
): AsyncGenerator<RoundView> {
  let seen = afterRound;
  let wake: (() => void) | null = null;
  let pending = true;
  const end = events.subscribe((event) => {
    if (event.type !== "round-committed" || event.round.feed !== feed) return;
    pending = true;
    wake?.();
  });
  const abort = () => wake?.();
  signal.addEventListener("abort", abort, { once: true });
  try {
    while (!signal.aborted) {
      if (!pending) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = null;
        continue;
      }
      pending = false;
      const rows = await roundsAfter(store.db, feed, { after: seen, limit: PAGE });
      pending ||= rows.length === PAGE;
      for (const row of rows) {
        if (signal.aborted) return;
        yield await readRoundView(store, row);
        seen = row.round;
      }
    }
  } finally {
    end();
    signal.removeEventListener("abort", abort);
  }
}
