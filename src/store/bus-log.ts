import { fabricError } from "../core/errors/fabric-error.ts";
import {
  deletePending,
  readConsumer,
  takeDue,
  takeNew,
  type ConsumerKey,
  type TakeLimits,
} from "./bus-handout.ts";
import type { Executor, Store } from "./store.ts";

/**
 * The log of the in-process bus on the fabric's database. It has the shape of `BusLog` in `src/bus/memory`, which this
 * folder does not import: the bus knows no database, and the database no bus.
 */
export const createStoreBusLog = (store: Store) => createLog(later(store), store);

/**
 * Synced with the next commit that is: what a power cut takes of this log the outbox still has unmarked, or the
 * consumer unapplied, because all of them stand in one log in this order.
 */
const later =
  (store: Store): Store["transaction"] =>
  (work) =>
    store.transaction(work, { sync: "later" });

const createLog = (commit: Store["transaction"], { db }: Pick<Store, "db">) => ({
  streams: async () => {
    const rows = await db.selectFrom("bus_streams").selectAll().orderBy("name").execute();
    return rows.map((row) => ({
      name: row.name,
      configJson: row.config_json,
      createdAt: row.created_at,
    }));
  },

  createStream: async (stream: {
    readonly name: string;
    readonly configJson: string;
    readonly createdAt: number;
  }): Promise<void> => {
    await commit(async (trx) => {
      await trx
        .insertInto("bus_streams")
        .values({
          name: stream.name,
          config_json: stream.configJson,
          last_sequence: 0,
          created_at: stream.createdAt,
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    });
  },

  streamState: async (stream: string) => {
    const row = await requireStream(db, stream);
    const { messages } = await db
      .selectFrom("bus_messages")
      .select((column) => column.fn.countAll<number>().as("messages"))
      .where("stream", "=", stream)
      .executeTakeFirstOrThrow();
    return { lastSequence: row.last_sequence, messages, createdAt: row.created_at };
  },

  append: async (entry: {
    readonly stream: string;
    readonly subject: string;
    readonly messageId: string | null;
    readonly data: Uint8Array;
    readonly at: number;
    readonly duplicatesSince: number;
    readonly expectLast: number | null;
  }): Promise<{ sequence: number; duplicate: boolean }> =>
    await commit(async (trx) => {
      const known = await findDuplicate(trx, entry);
      if (known !== null) return { sequence: known, duplicate: true };
      const { expectLast: expected, subject } = entry;
      if (expected !== null) {
        const newest = await findNewest(trx, entry.stream, subject);
        if ((newest?.sequence ?? 0) !== expected)
          throw fabricError("BUS_SEQUENCE_DIFFERS", { subject, expected });
      }
      const sequence = (await requireStream(trx, entry.stream)).last_sequence + 1;
      await trx
        .updateTable("bus_streams")
        .set({ last_sequence: sequence })
        .where("name", "=", entry.stream)
        .execute();
      await trx
        .insertInto("bus_messages")
        .values({
          stream: entry.stream,
          sequence,
          subject: entry.subject,
          message_id: entry.messageId,
          data: entry.data,
          stored_at: entry.at,
        })
        .execute();
      return { sequence, duplicate: false };
    }),

  lastMessage: async (stream: string, subject: string) => {
    await requireStream(db, stream);
    return await findNewest(db, stream, subject);
  },

  ensureConsumer: async (key: ConsumerKey & { readonly filterSubject: string }): Promise<string> =>
    await commit(async (trx) => {
      await requireStream(trx, key.stream);
      await trx
        .insertInto("bus_consumers")
        .values({
          stream: key.stream,
          name: key.consumer,
          filter_subject: key.filterSubject,
          delivered: 0,
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      return (await readConsumer(trx, key)).filter_subject;
    }),

  releasePending: async (key: ConsumerKey, at: number): Promise<void> => {
    await commit(async (trx) => {
      await trx
        .updateTable("bus_pending")
        .set({ due_at: at })
        .where("stream", "=", key.stream)
        .where("consumer", "=", key.consumer)
        .execute();
    });
  },

  take: async (key: ConsumerKey, limits: TakeLimits) =>
    await commit(async (trx) => {
      const again = await takeDue(trx, key, limits);
      const fresh = await takeNew(trx, key, limits, limits.limit - again.length);
      const next = await trx
        .selectFrom("bus_pending")
        .select((column) => column.fn.min("due_at").as("due"))
        .where("stream", "=", key.stream)
        .where("consumer", "=", key.consumer)
        .executeTakeFirst();
      return { messages: [...again, ...fresh], nextDueAt: next?.due ?? null };
    }),

  settle: async (key: ConsumerKey, sequence: number): Promise<void> => {
    await commit(async (trx) => {
      await deletePending(trx, key, sequence);
    });
  },

  postpone: async (key: ConsumerKey, sequence: number, dueAt: number): Promise<void> => {
    await commit(async (trx) => {
      await trx
        .updateTable("bus_pending")
        .set({ due_at: dueAt })
        .where("stream", "=", key.stream)
        .where("consumer", "=", key.consumer)
        .where("sequence", "=", sequence)
        .execute();
    });
  },

  prune: async (stream: string, before: number): Promise<number> =>
    await commit(async (trx) => {
      const result = await trx
        .deleteFrom("bus_messages")
        .where("stream", "=", stream)
        .where("stored_at", "<", before)
        .executeTakeFirst();
      return Number(result.numDeletedRows);
    }),
});

const requireStream = async (db: Executor, stream: string) => {
  const row = await db
    .selectFrom("bus_streams")
    .selectAll()
    .where("name", "=", stream)
    .executeTakeFirst();
  if (!row) throw fabricError("BUS_STREAM_UNKNOWN", { stream });
  return row;
};

const findNewest = async (
  db: Executor,
  stream: string,
  subject: string,
): Promise<{ readonly sequence: number; readonly data: Uint8Array } | null> => {
  const row = await db
    .selectFrom("bus_messages")
    .select(["sequence", "data"])
    .where("stream", "=", stream)
    .where("subject", "=", subject)
    .orderBy("sequence", "desc")
    .limit(1)
    .executeTakeFirst();
  return row ?? null;
};

const findDuplicate = async (
  trx: Executor,
  entry: {
    readonly stream: string;
    readonly messageId: string | null;
    readonly duplicatesSince: number;
  },
): Promise<number | null> => {
  if (entry.messageId === null) return null;
  const row = await trx
    .selectFrom("bus_messages")
    .select("sequence")
    .where("stream", "=", entry.stream)
    .where("message_id", "=", entry.messageId)
    .where("stored_at", ">=", entry.duplicatesSince)
    .orderBy("sequence")
    .limit(1)
    .executeTakeFirst();
  return row?.sequence ?? null;
};
