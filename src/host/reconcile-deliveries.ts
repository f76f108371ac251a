import type { Binding } from "../bindings/binding.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import { deliveryId, findDelivery, insertDeliveries } from "../store/deliveries.ts";
import { missingDeliveries } from "../store/missing-deliveries.ts";
import type { Store } from "../store/store.ts";
import { repeatHourly } from "./repeat-hourly.ts";

/** Until then a round may still be on its way over the bus. */
const OVERDUE_MS = 3_600_000;
/** Rounds of one binding that are looked up at once. */
const PAGE = 500;

export interface ReconcileParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly bindings: readonly Binding[];
  /** Called after deliveries were stored. */
  readonly onStored: (binding: Binding) => void;
}

/**
 * Stores the deliveries that the bus should have brought and did not: a stream forgets after a week, a server may lose
 * its disk, and the database is the record. Returns how many.
 */
export const reconcileDeliveries = async (parts: ReconcileParts): Promise<number> => {
  const { store, clock, log } = parts;
  let stored = 0;
  for (const binding of parts.bindings) {
    const issuedBefore = clock.now() - OVERDUE_MS;
    const { feed, chain, contract } = binding;
    for (let isMore = true; isMore;) {
      const { rounds } = await missingDeliveries(store.db, binding, { issuedBefore, limit: PAGE });
      isMore = rounds.length === PAGE;
      if (rounds.length === 0) break;
      await store.transaction(async (trx) => {
        for (const round of rounds)
          // The bus may have brought it since.
          if (!(await findDelivery(trx, deliveryId(feed, round, binding))))
            await insertDeliveries(trx, { feed, round }, [binding], clock.now());
      });
      stored += rounds.length;
      log.warn("the bus never brought these rounds; they are delivered from the record", {
        feed,
        chain,
        contract,
        rounds: rounds.length,
        first: rounds[0],
      });
      parts.onStored(binding);
    }
  }
  return stored;
};

/** Reconciles at start and every hour until stopped. */
export const startReconciliation = (parts: ReconcileParts): { stop(): Promise<void> } =>
  repeatHourly({ clock: parts.clock, log: parts.log, name: "reconciliation" }, () =>
    reconcileDeliveries(parts),
  );
