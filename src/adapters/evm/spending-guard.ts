import type { FabricError } from "../../core/errors/fabric-error.ts";
import type { FeedId } from "../../core/ids.ts";
import type { Executor } from "../../store/store.ts";

/** Which purse a delivery is paid from: that of its binding. */
export interface SpendingPurse {
  readonly feed: FeedId;
  readonly contract: string;
}

/** What one more signature may cost at most. */
export interface SpendingRequest extends SpendingPurse {
  readonly delivery: string;
  /**
   * Gas limit times the highest price per gas, plus the value sent. Of a replacement the whole, too: only the difference
   * to what the delivery has reserved already is taken.
   */
  readonly maxWei: bigint;
}

/** `until`: ms since epoch when it fits again; null when it never does, because it alone is above the budget. */
export type SpendingDecision =
  | { readonly ok: true }
  | {
      readonly ok: false;
      /** `BUDGET_EXHAUSTED`. */
      readonly error: FabricError;
      readonly until: number | null;
    };

/** What a binding's purse holds, wei. */
export interface SpendingReport extends SpendingPurse {
  readonly wei: bigint;
  readonly windowMs: number;
  /** Paid in the window that ends now. */
  readonly spent: bigint;
  /** Promised to transactions that may still land. */
  readonly reserved: bigint;
}

/**
 * Keeps what a binding's transactions cost under its budget, over a rolling window and over restarts. Every verb is
 * part of the caller's transaction, so that a nonce and the money for it are taken together or not at all.
 *
 * What is reserved counts until it is settled, however long that takes: the transaction may land at any time. What is
 * settled counts for `windowMs` from then on, rounded up to a 64th of the window.
 * @example
 * ```ts
 * const decision = await spending.reserve(trx, { delivery: row.id, feed, contract, maxWei: gasLimit * maxFeePerGas });
 * if (!decision.ok) return wait(decision.error, decision.until); // sign nothing
 * await spending.settle(trx, row.id, receipt.gasUsed * effectiveGasPrice);
 * ```
 */
export interface SpendingGuard {
  /** Call it before each signature. A binding without a budget may always spend. */
  reserve(trx: Executor, request: SpendingRequest): Promise<SpendingDecision>;
  /**
   * What the delivery's landed transactions have cost since its last reservation; 0 when none of them can land any
   * more. Does nothing without a reservation, so that it may be called again.
   */
  settle(trx: Executor, delivery: string, wei: bigint): Promise<void>;
  /** Every binding with a budget. */
  report(db: Executor): Promise<readonly SpendingReport[]>;
}

/** Bindings without budgets: everything may be spent. */
export const unlimitedSpending: SpendingGuard = {
  reserve: async () => ({ ok: true }),
  settle: async () => undefined,
  report: async () => [],
};
