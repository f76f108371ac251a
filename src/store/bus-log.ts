import { fabricError } from "../core/errors/fabric-error.ts";
import type { Executor, Store } from "./store.ts";

interface ConsumerKey {
  readonly stream: string;
  readonly consumer: string;
}

interface TakeLimits {
  readonly limit: number;
  readonly maxPending: number;
  readonly at: number;
  readonly dueAt: number;
  readonly takes: (subject: string) => boolean;
}

interface Taken {
  readonly sequence: number;
  readonly subject: string;
  readonly messageId: string | null;
  readonly data: Uint8Array;
  readonly deliveries: number;
}

/** Most subjects looked at in one step while the next message for a consumer is sought. */
const MAX_SCAN = 512;

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
  }): Promise<{ sequence: number; duplicate: boolean }> =>
    await commit(async (trx) => {
      const known = await findDuplicate(trx, entry);
      if (known !== null) return { sequence: known, duplicate: true };
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

const readConsumer = async (db: Executor, key: ConsumerKey) =>
  await db
    .selectFrom("bus_consumers")
    .selectAll()
    .where("stream", "=", key.stream)
    .where("name", "=", key.consumer)
    .executeTakeFirstOrThrow();

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

const takeDue = async (
  trx: Executor,
  key: ConsumerKey,
  limits: TakeLimits,
): Promise<readonly Taken[]> => {
  const rows = await trx
    .selectFrom("bus_pending as p")
    .leftJoin("bus_messages as m", (join) =>
      join.onRef("m.stream", "=", "p.stream").onRef("m.sequence", "=", "p.sequence"),
    )
    .select(["p.sequence", "p.deliveries", "m.subject", "m.message_id", "m.data"])
    .where("p.stream", "=", key.stream)
    .where("p.consumer", "=", key.consumer)
    .where("p.due_at", "<=", limits.at)
    .orderBy("p.sequence")
    .limit(limits.limit)
    .execute();
  const taken: Taken[] = [];
  for (const row of rows) {
    if (row.subject === null || row.data === null) {
      // Pruned by age while it waited.
      await deletePending(trx, key, row.sequence);
      continue;
    }
    const deliveries = row.deliveries + 1;
    await trx
      .updateTable("bus_pending")
      .set({ deliveries, due_at: limits.dueAt })
      .where("stream", "=", key.stream)
      .where("consumer", "=", key.consumer)
      .where("sequence", "=", row.sequence)
      .execute();
    const { sequence, subject, data } = row;
    taken.push({ sequence, subject, messageId: row.message_id, data, deliveries });
  }
  return taken;
};

const takeNew = async (
  trx: Executor,
  key: ConsumerKey,
  limits: TakeLimits,
  wanted: number,
): Promise<readonly Taken[]> => {
  const { pending } = await trx
    .selectFrom("bus_pending")
    .select((column) => column.fn.countAll<number>().as("pending"))
    .where("stream", "=", key.stream)
    .where("consumer", "=", key.consumer)
    .executeTakeFirstOrThrow();
  const room = Math.min(wanted, limits.maxPending - pending);
  if (room <= 0) return [];
  const { delivered } = await readConsumer(trx, key);
  const found = await findNext(trx, key.stream, delivered, limits.takes, room);
  for (const sequence of found.sequences)
    await trx
      .insertInto("bus_pending")
      .values({
        stream: key.stream,
        consumer: key.consumer,
        sequence,
        deliveries: 1,
        due_at: limits.dueAt,
      })
      .execute();
  if (found.last > delivered)
    await trx
      .updateTable("bus_consumers")
      .set({ delivered: found.last })
      .where("stream", "=", key.stream)
      .where("name", "=", key.consumer)
      .execute();
  if (found.sequences.length === 0) return [];
  const rows = await trx
    .selectFrom("bus_messages")
    .select(["sequence", "subject", "message_id", "data"])
    .where("stream", "=", key.stream)
    .where("sequence", "in", found.sequences)
    .orderBy("sequence")
    .execute();
  return rows.map(({ sequence, subject, message_id: messageId, data }) => ({
    sequence,
    subject,
    messageId,
    data,
    deliveries: 1,
  }));
};

/** Sequences of the next messages that are wanted, and how far the stream was looked through for them. */
const findNext = async (
  trx: Executor,
  stream: string,
  after: number,
  takes: (subject: string) => boolean,
  wanted: number,
): Promise<{ readonly sequences: readonly number[]; readonly last: number }> => {
  const sequences: number[] = [];
  let last = after;
  // The next one usually fits; the further away it is, the longer the steps.
  for (let scan = wanted; ; scan = Math.min(MAX_SCAN, scan * 4)) {
    const rows = await trx
      .selectFrom("bus_messages")
      .select(["sequence", "subject"])
      .where("stream", "=", stream)
      .where("sequence", ">", last)
      .orderBy("sequence")
      .limit(scan)
      .execute();
    for (const row of rows) {
      last = row.sequence;
      if (takes(row.subject)) sequences.push(row.sequence);
      if (sequences.length === wanted) return { sequences, last };
    }
    if (rows.length < scan) return { sequences, last };
  }
};

const deletePending = async (trx: Executor, key: ConsumerKey, sequence: number): Promise<void> => {
  await trx
    .deleteFrom("bus_pending")
    .where("stream", "=", key.stream)
    .where("consumer", "=", key.consumer)
    .where("sequence", "=", sequence)
    .execute();
};
