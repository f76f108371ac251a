import type { Clock } from "../../core/clock.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import type { ChainName } from "../../core/ids.ts";
import {
  addToSlice,
  dropReservation,
  findReservation,
  keepSlices,
  putReservation,
  reservedIn,
  slicesSince,
  type PurseKey,
  type SpendingSlice,
} from "../../store/spending.ts";
import type { Executor } from "../../store/store.ts";
import type { SpendingGuard, SpendingPurse } from "./spending-guard.ts";

/** What one binding may spend in any `windowMs`. */
export interface SpendingBudget extends SpendingPurse {
  readonly wei: bigint;
  readonly windowMs: number;
}

/** Slices of a window: what was paid counts up to this fraction of it longer than it must. */
const SLICES = 64;
/** Longest window of a configuration: slices are kept so long, in case the window is made longer. */
const KEEP_MS = 31 * 86_400_000;
const DAY_MS = 86_400_000;

const keyOf = ({ feed, contract }: SpendingPurse): string => `${feed} ${contract}`;
const sumOf = (slices: readonly SpendingSlice[]): bigint =>
  slices.reduce((sum, { wei }) => sum + wei, 0n);
const sliceMs = (windowMs: number): number => Math.ceil(windowMs / SLICES);
const endOfSlice = (at: number, windowMs: number): number => {
  const length = sliceMs(windowMs);
  return (Math.floor(at / length) + 1) * length;
};

/**
 * Budgets of one chain's bindings, in the fabric's database.
 * @see SpendingGuard
 */
export const createSpendingGuard = (parts: {
  readonly chain: ChainName;
  /** Two bindings of one feed to one contract share the first one's. */
  readonly budgets: readonly SpendingBudget[];
  readonly clock: Pick<Clock, "now">;
}): SpendingGuard => {
  const { chain, clock } = parts;
  const budgets = new Map<string, SpendingBudget>();
  for (const budget of parts.budgets)
    if (!budgets.has(keyOf(budget))) budgets.set(keyOf(budget), budget);

  const purseOf = ({ feed, contract }: SpendingPurse): PurseKey => ({ chain, feed, contract });

  /**
   * A clock that was ahead left slices that would count until it is there again: those more than a window ahead count
   * as paid now, so that no step of the clock blocks a feed for longer than two windows.
   */
  const pullBack = async (trx: Executor, budget: SpendingBudget, now: number): Promise<void> => {
    const purse = purseOf(budget);
    const to = now + budget.windowMs;
    const ahead = await slicesSince(trx, purse, to);
    await keepSlices(trx, purse, { from: now - KEEP_MS, to });
    if (ahead.length > 0)
      await addToSlice(trx, purse, endOfSlice(now, budget.windowMs), sumOf(ahead));
  };

  /** When enough of what was paid has left the window; open reservations may end earlier or later. */
  const timeOf = (
    { windowMs }: SpendingBudget,
    slices: readonly SpendingSlice[],
    missing: bigint,
    now: number,
  ): number => {
    let freed = 0n;
    for (const { endsAt, wei } of slices) {
      freed += wei;
      if (freed >= missing) return endsAt + windowMs;
    }
    return now + sliceMs(windowMs);
  };

  return {
    reserve: async (trx, { delivery, maxWei, ...purse }) => {
      const budget = budgets.get(keyOf(purse));
      if (!budget) return { ok: true };
      const now = clock.now();
      const own = (await findReservation(trx, delivery))?.wei ?? 0n;
      // What was promised stays promised: a cheaper replacement frees nothing while the dearer one may land.
      if (maxWei <= own) return { ok: true };
      await pullBack(trx, budget, now);
      const slices = await slicesSince(trx, purseOf(purse), now - budget.windowMs);
      const others = (await reservedIn(trx, purseOf(purse))) - own;
      const missing = sumOf(slices) + others + maxWei - budget.wei;
      if (missing <= 0n) {
        await putReservation(trx, delivery, purseOf(purse), maxWei, now);
        return { ok: true };
      }
      const until = maxWei > budget.wei ? null : timeOf(budget, slices, missing, now);
      const error = fabricError("BUDGET_EXHAUSTED", {
        feed: purse.feed,
        contract: purse.contract,
        wei: budget.wei,
        wanted: maxWei,
        until: until === null ? "never" : new Date(until).toISOString(),
      });
      return { ok: false, error, until };
    },
    settle: async (trx, delivery, wei) => {
      const reservation = await findReservation(trx, delivery);
      if (!reservation) return;
      const { feed, contract } = reservation;
      // No transaction of ours can cost more, whatever a receipt says.
      const paid = wei < reservation.wei ? wei : reservation.wei;
      // The feed's id is text of this database, written by `reserve`.
      const budget = budgets.get(`${feed} ${contract}`);
      if (paid > 0n)
        await addToSlice(
          trx,
          { chain: reservation.chain, feed, contract },
          endOfSlice(clock.now(), budget?.windowMs ?? DAY_MS),
          paid,
        );
      await dropReservation(trx, delivery);
    },
    report: async (db) => {
      const now = clock.now();
      const reports = [];
      for (const budget of budgets.values()) {
        const slices = await slicesSince(db, purseOf(budget), now - budget.windowMs);
        const reserved = await reservedIn(db, purseOf(budget));
        reports.push({ ...budget, spent: sumOf(slices), reserved });
      }
      return reports;
    },
  };
};
