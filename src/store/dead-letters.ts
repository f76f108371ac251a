import type { Selectable } from "kysely";
import type { Executor } from "./store.ts";
import type { DeadLetterTable } from "./tables/dead-letter-table.ts";

/** A message that a consumer gave up on. Times are ms since epoch. */
export interface DeadLetterRow {
  readonly id: string;
  readonly stream: string;
  readonly consumer: string;
  readonly sequence: number;
  readonly subject: string;
  readonly messageId: string | null;
  readonly deliveries: number;
  /** Code of the last error, or what the consumer gave as reason. */
  readonly reason: string;
  readonly data: Uint8Array;
  readonly buriedAt: number;
  readonly replays: number;
  /** Null when it was never put back. */
  readonly replayedAt: number | null;
}

/** Id of a dead letter: the same however often its news arrives. */
export const deadLetterId = (
  letter: Pick<DeadLetterRow, "stream" | "consumer" | "sequence">,
): string => `${letter.stream}:${letter.consumer}:${letter.sequence}`;

/** Keeps a dead letter; one that is there already stays as it is. Part of the caller's transaction. */
export const keepDeadLetter = async (
  trx: Executor,
  letter: Omit<DeadLetterRow, "id" | "replays" | "replayedAt">,
): Promise<void> => {
  await trx
    .insertInto("dead_letters")
    .values({
      id: deadLetterId(letter),
      stream: letter.stream,
      consumer: letter.consumer,
      sequence: letter.sequence,
      subject: letter.subject,
      message_id: letter.messageId,
      deliveries: letter.deliveries,
      reason: letter.reason,
      data: letter.data,
      buried_at: letter.buriedAt,
      replays: 0,
      replayed_at: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
};

/** Newest first; `waiting: true` leaves out those that were put back. */
export const listDeadLetters = async (
  db: Executor,
  filter: { readonly waiting?: boolean; readonly limit: number },
): Promise<readonly DeadLetterRow[]> => {
  let query = db.selectFrom("dead_letters").selectAll().limit(filter.limit);
  if (filter.waiting === true) query = query.where("replayed_at", "is", null);
  const rows = await query.orderBy("buried_at", "desc").orderBy("id").execute();
  return rows.map(readDeadLetter);
};

/** Null when there is none. */
export const findDeadLetter = async (db: Executor, id: string): Promise<DeadLetterRow | null> => {
  const row = await db
    .selectFrom("dead_letters")
    .selectAll()
    .where("id", "=", id)
    .executeTakeFirst();
  return row ? readDeadLetter(row) : null;
};

/** Notes that a dead letter was put back, once more. */
export const markReplayed = async (trx: Executor, id: string, at: number): Promise<void> => {
  await trx
    .updateTable("dead_letters")
    .set((row) => ({ replays: row("replays", "+", 1), replayed_at: at }))
    .where("id", "=", id)
    .execute();
};

/** How many wait for somebody to look. */
export const countDeadLetters = async (db: Executor): Promise<number> => {
  const row = await db
    .selectFrom("dead_letters")
    .select((column) => column.fn.countAll<number>().as("waiting"))
    .where("replayed_at", "is", null)
    .executeTakeFirstOrThrow();
  return row.waiting;
};

const readDeadLetter = (row: Selectable<DeadLetterTable>): DeadLetterRow => ({
  id: row.id,
  stream: row.stream,
  consumer: row.consumer,
  sequence: row.sequence,
  subject: row.subject,
  messageId: row.message_id,
  deliveries: row.deliveries,
  reason: row.reason,
  data: row.data,
  buriedAt: row.buried_at,
  replays: row.replays,
  replayedAt: row.replayed_at,
});
