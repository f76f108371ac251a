import type { Selectable } from "kysely";
import type { FeedId } from "../core/ids.ts";
import type { Executor } from "./store.ts";
import type { WebhookStatus, WebhookTable } from "./tables/subscriptions.ts";

/** An endpoint that rounds are sent to, as stored. Times are ms since epoch. */
export interface WebhookRow {
  readonly id: string;
  readonly url: string;
  readonly description: string;
  readonly feeds: readonly FeedId[];
  /** For everything up to here there is a call. */
  readonly position: number;
  readonly generation: number;
  readonly previousUntil: number | null;
  readonly keyId: string;
  readonly status: WebhookStatus;
  readonly stopped: string | null;
  readonly createdAt: number;
}

/** Stores a new one. Part of the caller's transaction. */
export const insertWebhook = async (
  trx: Executor,
  row: Pick<
    WebhookRow,
    "id" | "url" | "description" | "feeds" | "position" | "keyId" | "createdAt"
  >,
): Promise<void> => {
  await trx
    .insertInto("webhooks")
    .values({
      id: row.id,
      url: row.url,
      description: row.description,
      feeds_json: JSON.stringify(row.feeds),
      position: row.position,
      generation: 1,
      previous_until: null,
      key_id: row.keyId,
      status: "active",
      stopped: null,
      created_at: row.createdAt,
      updated_at: row.createdAt,
    })
    .execute();
};

/** Oldest first. */
export const listWebhooks = async (db: Executor): Promise<readonly WebhookRow[]> => {
  const rows = await db
    .selectFrom("webhooks")
    .selectAll()
    .orderBy("created_at")
    .orderBy("id")
    .execute();
  return rows.map(readWebhook);
};

/** Null when there is none. */
export const findWebhook = async (db: Executor, id: string): Promise<WebhookRow | null> => {
  const row = await db.selectFrom("webhooks").selectAll().where("id", "=", id).executeTakeFirst();
  return row ? readWebhook(row) : null;
};

export const countWebhooks = async (db: Executor): Promise<number> => {
  const row = await db
    .selectFrom("webhooks")
    .select((column) => column.fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  return row.count;
};

/** Deletes it with its calls; false when there was none. */
export const deleteWebhook = async (trx: Executor, id: string): Promise<boolean> => {
  await trx.deleteFrom("webhook_calls").where("webhook", "=", id).execute();
  const result = await trx.deleteFrom("webhooks").where("id", "=", id).executeTakeFirst();
  return result.numDeletedRows === 1n;
};

/** What changes about a webhook. */
export type WebhookChange = Partial<
  Pick<WebhookRow, "position" | "generation" | "previousUntil" | "keyId" | "status" | "stopped">
>;

/** Writes what changed; false when there is no such webhook. Part of the caller's transaction. */
export const changeWebhook = async (
  trx: Executor,
  id: string,
  change: WebhookChange,
  at: number,
): Promise<boolean> => {
  const { previousUntil, keyId, ...same } = change;
  const result = await trx
    .updateTable("webhooks")
    .set({
      ...same,
      ...(previousUntil === undefined ? {} : { previous_until: previousUntil }),
      ...(keyId === undefined ? {} : { key_id: keyId }),
      updated_at: at,
    })
    .where("id", "=", id)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
};

const readWebhook = (row: Selectable<WebhookTable>): WebhookRow => ({
  id: row.id,
  url: row.url,
  description: row.description,
  feeds: JSON.parse(row.feeds_json) as FeedId[],
  position: row.position,
  generation: row.generation,
  previousUntil: row.previous_until,
  keyId: row.key_id,
  status: row.status,
  stopped: row.stopped,
  createdAt: row.created_at,
});
