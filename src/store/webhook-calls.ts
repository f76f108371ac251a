import type { Selectable } from "kysely";
import type { FeedId } from "../core/ids.ts";
import type { Executor } from "./store.ts";
import type { WebhookCallStatus, WebhookCallTable } from "./tables/subscriptions.ts";

/** One round on its way to one webhook, as stored. Times are ms since epoch. */
export interface WebhookCallRow {
  readonly id: string;
  readonly webhook: string;
  readonly feed: FeedId;
  readonly round: number;
  readonly status: WebhookCallStatus;
  readonly attempts: number;
  readonly replays: number;
  readonly nextAt: number;
  readonly answer: number | null;
  readonly error: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Stores a call before anything is sent; one that is there stays as it is. Part of the caller's transaction. */
export const insertWebhookCall = async (
  trx: Executor,
  call: Pick<WebhookCallRow, "id" | "webhook" | "feed" | "round"> & { readonly at: number },
): Promise<void> => {
  await trx
    .insertInto("webhook_calls")
    .values({
      id: call.id,
      webhook: call.webhook,
      feed: call.feed,
      round: call.round,
      status: "waiting",
      attempts: 0,
      replays: 0,
      next_at: call.at,
      answer: null,
      error: null,
      created_at: call.at,
      updated_at: call.at,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
};

/** Calls of one webhook that wait, soonest first; due ones and those to come. */
export const waitingCalls = async (
  db: Executor,
  webhook: string,
  limit: number,
): Promise<readonly WebhookCallRow[]> => {
  const rows = await db
    .selectFrom("webhook_calls")
    .selectAll()
    .where("webhook", "=", webhook)
    .where("status", "=", "waiting")
    .orderBy("next_at")
    .orderBy("created_at")
    .orderBy("round")
    .limit(limit)
    .execute();
  return rows.map(readCall);
};

/** Newest change first. */
export const listWebhookCalls = async (
  db: Executor,
  filter: {
    readonly webhook: string;
    readonly status?: WebhookCallStatus;
    readonly limit: number;
  },
): Promise<readonly WebhookCallRow[]> => {
  let query = db.selectFrom("webhook_calls").selectAll().where("webhook", "=", filter.webhook);
  if (filter.status !== undefined) query = query.where("status", "=", filter.status);
  const rows = await query
    .orderBy("updated_at", "desc")
    .orderBy("round", "desc")
    .limit(filter.limit)
    .execute();
  return rows.map(readCall);
};

/** How many calls of a webhook wait, and how many are dead; delivered ones are many, and nobody asks after them. */
export const countWebhookCalls = async (
  db: Executor,
  webhook: string,
): Promise<Readonly<Record<"waiting" | "dead", number>>> => {
  const rows = await db
    .selectFrom("webhook_calls")
    .select(["status", (column) => column.fn.countAll<number>().as("count")])
    .where("webhook", "=", webhook)
    .where("status", "in", ["waiting", "dead"])
    .groupBy("status")
    .execute();
  const counts = { waiting: 0, dead: 0 };
  for (const { status, count } of rows) if (status !== "delivered") counts[status] = count;
  return counts;
};

/** A try begins: counted, and due again at `lostAt` unless its end is written before. */
export const beginWebhookCall = async (
  trx: Executor,
  id: string,
  { at, lostAt }: { readonly at: number; readonly lostAt: number },
): Promise<void> => {
  await trx
    .updateTable("webhook_calls")
    .set((row) => ({ attempts: row("attempts", "+", 1), next_at: lostAt, updated_at: at }))
    .where("id", "=", id)
    .where("status", "=", "waiting")
    .execute();
};

/** How a try ended. */
export interface WebhookCallEnd {
  readonly status: WebhookCallStatus;
  readonly answer: number | null;
  /** Code; null when it was taken. */
  readonly error: string | null;
  /** When it is tried next, where it still waits. */
  readonly nextAt: number;
  /** Given for a try that shall not count. */
  readonly attempts?: number;
}

/** Writes how a try ended; a call that was removed or ended meanwhile stays as it is. */
export const endWebhookCall = async (
  trx: Executor,
  id: string,
  end: WebhookCallEnd,
  at: number,
): Promise<void> => {
  await trx
    .updateTable("webhook_calls")
    .set({
      status: end.status,
      answer: end.answer,
      error: end.error,
      next_at: end.nextAt,
      ...(end.attempts === undefined ? {} : { attempts: end.attempts }),
      updated_at: at,
    })
    .where("id", "=", id)
    .where("status", "=", "waiting")
    .execute();
};

/** Puts one call that ended back, or every dead one of the webhook; resolves with how many. */
export const replayWebhookCalls = async (
  trx: Executor,
  webhook: string,
  call: string | null,
  at: number,
): Promise<number> => {
  const update = trx
    .updateTable("webhook_calls")
    .set((row) => ({
      status: "waiting" as const,
      attempts: 0,
      replays: row("replays", "+", 1),
      next_at: at,
      error: null,
      updated_at: at,
    }))
    .where("webhook", "=", webhook);
  const result = await (
    call === null
      ? update.where("status", "=", "dead")
      : update.where("id", "=", call).where("status", "!=", "waiting")
  ).executeTakeFirst();
  return Number(result.numUpdatedRows);
};

/** Deletes calls that ended before: delivered ones before `delivered`, dead ones before `dead`. Returns how many. */
export const pruneWebhookCalls = async (
  trx: Executor,
  before: { readonly delivered: number; readonly dead: number },
): Promise<number> => {
  let pruned = 0;
  for (const status of ["delivered", "dead"] as const) {
    const result = await trx
      .deleteFrom("webhook_calls")
      .where("status", "=", status)
      .where("updated_at", "<", before[status])
      .executeTakeFirst();
    pruned += Number(result.numDeletedRows);
  }
  return pruned;
};

const readCall = (row: Selectable<WebhookCallTable>): WebhookCallRow => ({
  id: row.id,
  webhook: row.webhook,
  feed: row.feed as FeedId,
  round: row.round,
  status: row.status,
  attempts: row.attempts,
  replays: row.replays,
  nextAt: row.next_at,
  answer: row.answer,
  error: row.error,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});
