import type { Executor } from "./store.ts";

/** Which message a consumer applies. */
export interface AppliedMessage {
  readonly stream: string;
  readonly consumer: string;
  readonly sequence: number;
  /** Preferred over the sequence, because a bus that lost its tail gives the same sequences to other messages. */
  readonly messageId: string | null;
}

/**
 * Runs `effect` unless this consumer has applied the message before; effect and mark are one transaction, so that
 * redelivery after a crash does nothing. Returns false when it was applied before.
 * @example
 * ```ts
 * await store.transaction((trx) => applyOnce(trx, message, now, () => insertJob(trx, job)));
 * ```
 */
export const applyOnce = async (
  trx: Executor,
  message: AppliedMessage,
  at: number,
  effect: () => Promise<void>,
): Promise<boolean> => {
  const result = await trx
    .insertInto("bus_consumer_sequences")
    .values({
      stream: message.stream,
      consumer: message.consumer,
      message_key: message.messageId ?? `#${message.sequence}`,
      sequence: message.sequence,
      applied_at: at,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (result.numInsertedOrUpdatedRows === 0n) return false;
  await effect();
  return true;
};

/** True when the consumer has applied the message, as far as it is still remembered. */
export const isApplied = async (
  db: Executor,
  message: { readonly stream: string; readonly consumer: string; readonly messageId: string },
): Promise<boolean> => {
  const row = await db
    .selectFrom("bus_consumer_sequences")
    .select("sequence")
    .where("stream", "=", message.stream)
    .where("consumer", "=", message.consumer)
    .where("message_key", "=", message.messageId)
    .executeTakeFirst();
  return row !== undefined;
};

/** Forgets messages applied before `before`: keep them at least as long as the stream and the outbox keep theirs. */
export const pruneApplied = async (db: Executor, before: number): Promise<number> => {
  const result = await db
    .deleteFrom("bus_consumer_sequences")
    .where("applied_at", "<", before)
    .executeTakeFirst();
  return Number(result.numDeletedRows);
};
