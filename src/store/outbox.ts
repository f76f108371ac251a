import type { Executor } from "./store.ts";

/** A message that must reach the bus because its cause was committed. */
export interface OutboxEntry {
  readonly subject: string;
  /** The bus stores one message of this id; for a round `cryptlet:<feed>:<round>`. */
  readonly messageId: string;
  readonly payload: Uint8Array;
}

/** An entry that waits. `id` grows in commit order. */
export interface OutboxRow extends OutboxEntry {
  readonly id: number;
  readonly createdAt: number;
}

/** Part of the cause's transaction. A message id that is there already is a `STORE_CONFLICT`. */
export const appendOutbox = async (
  trx: Executor,
  entry: OutboxEntry,
  at: number,
): Promise<void> => {
  await trx
    .insertInto("outbox")
    .values({
      subject: entry.subject,
      message_id: entry.messageId,
      payload: entry.payload,
      created_at: at,
      published_at: null,
      stream: null,
      stream_sequence: null,
    })
    .execute();
};

/** Entries that wait, in order, after `afterId`. */
export const takeUnpublished = async (
  db: Executor,
  page: { readonly limit: number; readonly afterId?: number },
): Promise<readonly OutboxRow[]> => {
  const rows = await db
    .selectFrom("outbox")
    .select(["id", "subject", "message_id", "payload", "created_at"])
    .where("published_at", "is", null)
    .where("id", ">", page.afterId ?? 0)
    .orderBy("id")
    .limit(page.limit)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    subject: row.subject,
    messageId: row.message_id,
    payload: row.payload,
    createdAt: row.created_at,
  }));
};

/** What the bus acknowledged. */
export interface OutboxAck {
  readonly id: number;
  readonly stream: string;
  readonly sequence: number;
}

/** Marks entries that the bus has. */
export const markPublished = async (
  trx: Executor,
  acks: readonly OutboxAck[],
  at: number,
): Promise<void> => {
  for (const ack of acks)
    await trx
      .updateTable("outbox")
      .set({ published_at: at, stream: ack.stream, stream_sequence: ack.sequence })
      .where("id", "=", ack.id)
      .execute();
};

/**
 * Makes entries wait again that the stream has lost: those above its last sequence, and all from before it was made.
 * A server that does not sync each message may lose its newest ones in a power cut. Returns how many.
 */
export const reopenLost = async (
  trx: Executor,
  stream: { readonly name: string; readonly lastSequence: number; readonly createdAt: number },
): Promise<number> => {
  const result = await trx
    .updateTable("outbox")
    .set({ published_at: null, stream: null, stream_sequence: null })
    .where("stream", "=", stream.name)
    .where((row) =>
      row.or([
        row("stream_sequence", ">", stream.lastSequence),
        row("published_at", "<", stream.createdAt),
      ]),
    )
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
};

/** Streams that have acknowledged entries of this outbox. */
export const publishedStreams = async (db: Executor): Promise<readonly string[]> => {
  const rows = await db
    .selectFrom("outbox")
    .select("stream")
    .distinct()
    .where("stream", "is not", null)
    .execute();
  return rows.flatMap((row) => (row.stream === null ? [] : [row.stream]));
};

/** How many entries wait, and since when the oldest does (ms since epoch; null when none waits). */
export const outboxBacklog = async (
  db: Executor,
): Promise<{ readonly waiting: number; readonly oldestAt: number | null }> => {
  const row = await db
    .selectFrom("outbox")
    .select((column) => [
      column.fn.countAll<number>().as("waiting"),
      column.fn.min("created_at").as("oldest"),
    ])
    .where("published_at", "is", null)
    .executeTakeFirstOrThrow();
  return { waiting: row.waiting, oldestAt: row.oldest };
};

/** Deletes entries that were published before `before`; keep them at least as long as the stream keeps messages. */
export const pruneOutbox = async (db: Executor, before: number): Promise<number> => {
  const result = await db
    .deleteFrom("outbox")
    .where("published_at", "<", before)
    .executeTakeFirst();
  return Number(result.numDeletedRows);
};
