import type { DeliveryRow } from "../../../store/deliveries.ts";
import { isSettled } from "../../contract/chain-adapter.ts";

/** Who follows which delivery. */
export interface SettleWaiters {
  has(delivery: string): boolean;
  /** Shows a row to those who follow it; an ended one resolves them. */
  tell(row: DeliveryRow): void;
  /** Resolves with the ended delivery; rejects with the signal's reason. */
  wait(
    delivery: string,
    options: { readonly signal: AbortSignal; readonly onChange: (row: DeliveryRow) => void },
  ): Promise<DeliveryRow>;
  /** Deliveries that somebody follows. */
  ids(): readonly string[];
  /** Rejects those who follow this delivery. */
  fail(delivery: string, reason: unknown): void;
  /** Rejects everybody. */
  end(reason: unknown): void;
}

interface Waiter {
  readonly onChange: (row: DeliveryRow) => void;
  readonly resolve: (row: DeliveryRow) => void;
  readonly reject: (reason: unknown) => void;
}

export const createSettleWaiters = (): SettleWaiters => {
  const waiters = new Map<string, Set<Waiter>>();
  return {
    has: (delivery) => waiters.has(delivery),
    tell: (row) => {
      const waiting = waiters.get(row.id);
      if (!waiting) return;
      for (const waiter of waiting) {
        waiter.onChange(row);
        if (isSettled(row)) waiter.resolve(row);
      }
      if (isSettled(row)) waiters.delete(row.id);
    },
    wait: (delivery, { signal, onChange }) =>
      new Promise<DeliveryRow>((resolve, reject) => {
        const waiter: Waiter = { onChange, resolve, reject };
        const waiting = waiters.get(delivery) ?? new Set();
        waiters.set(delivery, waiting.add(waiter));
        const stop = (): void => {
          waiting.delete(waiter);
          if (waiting.size === 0 && waiters.get(delivery) === waiting) waiters.delete(delivery);
          reject(signal.reason as Error);
        };
        signal.addEventListener("abort", stop, { once: true });
      }),
    ids: () => [...waiters.keys()],
    fail: (delivery, reason) => {
      const waiting = waiters.get(delivery);
      waiters.delete(delivery);
      for (const { reject } of waiting ?? []) reject(reason);
    },
    end: (reason) => {
      for (const waiting of waiters.values()) for (const { reject } of waiting) reject(reason);
      waiters.clear();
    },
  };
};
