import type { Bus, PublishAck } from "../bus/bus.ts";
import type { Clock } from "../core/clock.ts";
import { isFabricError } from "../core/errors/fabric-error.ts";
import type { Log } from "../core/log.ts";
import { createWake } from "../core/wake.ts";
import {
  markPublished,
  publishedStreams,
  reopenLost,
  takeUnpublished,
  type OutboxAck,
  type OutboxRow,
} from "../store/outbox.ts";
import type { Store } from "../store/store.ts";

/** Looks at the outbox this often even when nobody calls, ms. */
const IDLE_MS = 1_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** Entries that are marked in one commit. */
const PAGE = 64;

export interface OutboxPublisherOptions {
  readonly store: Store;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  /** Called at every turn and every entry, at least every 5 s plus the bus's own time-out. */
  readonly progress: () => void;
  /** Called for every entry that the bus has. */
  readonly published?: (row: OutboxRow, ack: PublishAck) => void;
}

/** Carries the outbox to the bus: each entry at least once, and once as far as the bus knows message ids. */
export interface OutboxPublisher {
  /** Says that something was committed. */
  notify(): void;
  /** Publishes what waits, once more and no longer than the bus answers, then ends. Nothing is lost: what is left waits. */
  stop(): Promise<void>;
}

/** What became of one turn over the outbox. */
type Turn = "done" | "faults";

/**
 * Starts the loop. Entries of one subject go out in commit order; a subject that the bus refuses does not hold up
 * others, and an entry that can never go out (too large) holds up none. When the bus comes back, what it has lost
 * since is published again.
 * @example
 * ```ts
 * const outbox = createOutboxPublisher({ store, bus, clock, log, progress });
 * await store.transaction((trx) => commitRound(trx, round));
 * outbox.notify();
 * ```
 */
export const createOutboxPublisher = (options: OutboxPublisherOptions): OutboxPublisher => {
  const { store, bus, clock, log, progress } = options;
  const wake = createWake(clock);
  const halt = new AbortController();
  let mustReconcile = true;
  let failures = 0;
  const hopeless = new Set<number>();

  const removeListener = bus.onStatus(({ state }) => {
    if (state === "reconnecting") mustReconcile = true;
    if (state === "connected") wake.notify();
  });

  const reconcile = async (): Promise<void> => {
    for (const name of await publishedStreams(store.db)) {
      const state = await streamState(bus, name);
      const lost = await store.transaction((trx) => reopenLost(trx, { name, ...state }));
      if (lost > 0)
        log.warn("the bus lost messages; publishing them again", { stream: name, lost });
    }
    mustReconcile = false;
  };

  const giveUp = (row: OutboxRow, error: unknown): void => {
    if (hopeless.has(row.id)) return;
    hopeless.add(row.id);
    log.error("an outbox entry can never be published", { id: row.id, error });
  };

  const publishPage = async (
    rows: readonly OutboxRow[],
    refused: Map<string, unknown>,
  ): Promise<void> => {
    const acks: OutboxAck[] = [];
    try {
      for (const row of rows) {
        progress();
        if (refused.has(row.subject)) continue;
        try {
          const { messageId } = row;
          const ack = await bus.publish(row.subject, row.payload, { messageId });
          acks.push({ id: row.id, stream: ack.stream, sequence: ack.sequence });
          options.published?.(row, ack);
        } catch (error) {
          if (endsTurn(error)) throw error;
          if (isHopeless(error)) giveUp(row, error);
          else refused.set(row.subject, error);
        }
      }
    } finally {
      // Lost in a power cut, the entries go out again and the bus knows their ids.
      if (acks.length > 0)
        await store.transaction((trx) => markPublished(trx, acks, clock.now()), { sync: "later" });
    }
  };

  const turn = async (): Promise<Turn> => {
    if (mustReconcile) await reconcile();
    const refused = new Map<string, unknown>();
    let afterId = 0;
    for (;;) {
      const rows = await takeUnpublished(store.db, { limit: PAGE, afterId });
      await publishPage(rows, refused);
      const last = rows.at(-1);
      if (!last || rows.length < PAGE) break;
      afterId = last.id;
    }
    if (failures === 0)
      for (const [subject, error] of refused)
        log.warn("the bus refuses a subject", { subject, error });
    return refused.size === 0 ? "done" : "faults";
  };

  /** One turn; gives the pause after it, ms. */
  const step = async (): Promise<number> => {
    progress();
    try {
      if ((await turn()) === "done") {
        if (failures > 0) log.info("the outbox moves again");
        failures = 0;
        return IDLE_MS;
      }
    } catch (error) {
      if (failures === 0) log.warn("the outbox waits for the bus", { error });
    }
    failures += 1;
    return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 10));
  };

  const loop = async (): Promise<void> => {
    while (!halt.signal.aborted) {
      const pause = await step();
      await wake.wait(pause, { signal: halt.signal }).catch(() => undefined);
    }
    await step();
    removeListener();
  };
  const looping = loop();

  return {
    notify: () => {
      wake.notify();
    },
    stop: async () => {
      halt.abort();
      await looping;
    },
  };
};

/** A stream that is gone has lost everything. */
const streamState = async (
  bus: Bus,
  name: string,
): Promise<{ readonly lastSequence: number; readonly createdAt: number }> => {
  try {
    return await bus.streamState(name);
  } catch (error) {
    if (isFabricError(error, "BUS_STREAM_UNKNOWN"))
      return { lastSequence: 0, createdAt: Number.MAX_SAFE_INTEGER };
    throw error;
  }
};

/** Nothing else would go out either. */
const endsTurn = (error: unknown): boolean =>
  !isFabricError(error) ||
  error.code.startsWith("STORE_") ||
  ["BUS_UNAVAILABLE", "BUS_CLOSED", "BUS_CREDENTIALS_REFUSED"].includes(error.code);

const isHopeless = (error: unknown): boolean =>
  isFabricError(error, "BUS_PAYLOAD_TOO_LARGE") ||
  isFabricError(error, "BUS_SUBJECT_INVALID") ||
  isFabricError(error, "BUS_MESSAGE_ID_INVALID");
