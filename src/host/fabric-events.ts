import type { SourceMode } from "../sdk/abi.ts";
import type { WireError } from "../core/errors/wire.ts";
import type { FeedId, RunId } from "../core/ids.ts";
import type { PublishReason } from "../triggers/publish-reason.ts";
import type { DeliveryView, RoundView } from "./fabric.ts";

/** What one source answered in a run. */
export interface SourceEvent {
  readonly id: string;
  readonly mode: SourceMode | null;
  /** Decimal text; null when the source gave none. */
  readonly value: string | null;
  /** ms since epoch; null when unknown. */
  readonly observedAt: number | null;
  readonly outlier: boolean;
  /** Code; null when nothing went wrong. */
  readonly error: string | null;
}

/** Things that happen in a fabric, in the order in which they happen. */
export type FabricEvent =
  | {
      readonly type: "run-started";
      readonly feed: FeedId;
      readonly run: RunId;
      readonly trigger: string;
    }
  | {
      readonly type: "run-failed";
      readonly feed: FeedId;
      readonly run: RunId;
      readonly error: WireError;
    }
  | {
      readonly type: "run-finished";
      readonly feed: FeedId;
      readonly run: RunId;
      readonly sources: readonly SourceEvent[];
      /** Decimal text of the aggregate; null for a record. */
      readonly value: string | null;
      readonly spread: string;
      /** Why a round follows; null when the value stays unpublished. */
      readonly publish: PublishReason | null;
      /** ms from the trigger to the enclave's answer. */
      readonly durationMs: number;
    }
  | {
      readonly type: "round-committed";
      readonly round: RoundView;
      /** Ids of the outbox row and of the deliveries that were stored with the envelope. */
      readonly outboxMessageId: string;
      readonly signer: string;
    }
  | { readonly type: "round-published"; readonly messageId: string }
  | { readonly type: "delivery"; readonly delivery: DeliveryView };

/** Listeners of one fabric. A listener that throws harms nobody else. */
export interface FabricEvents {
  emit(event: FabricEvent): void;
  /** Returns the function that ends the subscription. */
  subscribe(listener: (event: FabricEvent) => void): () => void;
  /** Resolves with the first event that `matches`; rejects with the signal's reason. */
  next<Event extends FabricEvent>(
    matches: (event: FabricEvent) => event is Event,
    options?: { signal?: AbortSignal },
  ): Promise<Event>;
}

/** Fan-out in memory: events are news, the database is the record. */
export const createFabricEvents = (onListenerError: (error: unknown) => void): FabricEvents => {
  const listeners = new Set<(event: FabricEvent) => void>();
  const subscribe = (listener: (event: FabricEvent) => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  return {
    emit(event) {
      for (const listener of listeners) {
        try {
          listener(event);
        } catch (error) {
          onListenerError(error);
        }
      }
    },
    subscribe,
    next<Event extends FabricEvent>(
      matches: (event: FabricEvent) => event is Event,
      options?: { signal?: AbortSignal },
    ) {
      return new Promise<Event>((resolve, reject) => {
        const signal = options?.signal;
        if (signal?.aborted) {
          reject(signal.reason as Error);
          return;
        }
        const abort = () => {
          end();
          reject(signal?.reason as Error);
        };
        const end = subscribe((event) => {
          if (!matches(event)) return;
          end();
          signal?.removeEventListener("abort", abort);
          resolve(event);
        });
        signal?.addEventListener("abort", abort, { once: true });
      });
    },
  };
};
