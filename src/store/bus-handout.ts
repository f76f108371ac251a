import type { Executor } from "./store.ts";

/** A durable consumer of a stream. */
export interface ConsumerKey {
  readonly stream: string;
  readonly consumer: string;
}

/** How many messages may be handed out, and which. Times are ms since epoch. */
export interface TakeLimits {
  readonly limit: number;
  readonly maxPending: number;
  readonly at: number;
  readonly dueAt: number;
  readonly takes: (subject: string) => boolean;
}

/** A message that was handed out. */
export interface Taken {
  readonly sequence: number;
  readonly subject: string;
  readonly messageId: string | null;
  readonly data: Uint8Array;
  readonly deliveries: number;
}

/** Most subjects looked at in one step while the next message for a consumer is sought. */
const MAX_SCAN = 512;

/** The consumer's row. */
export const readConsumer = async (db: Executor, key: ConsumerKey) =>
  await db
    .selectFrom("bus_consumers")
    .selectAll()
    .where("stream", "=", key.stream)
    .where("name", "=", key.consumer)
    .executeTakeFirstOrThrow();

/** Hands out again what is due and not settled. */
export const takeDue = async (
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

/** Hands out what the consumer has never had, in the order of the stream. */
export const takeNew = async (
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

/** Forgets that a message is out. */
export const deletePending = async (
  trx: Executor,
  key: ConsumerKey,
  sequence: number,
): Promise<void> => {
  await trx
    .deleteFrom("bus_pending")
    .where("stream", "=", key.stream)
    .where("consumer", "=", key.consumer)
    .where("sequence", "=", sequence)
    .execute();
};
