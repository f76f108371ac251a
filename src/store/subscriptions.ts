import type { Selectable } from "kysely";
import type { FeedId } from "../core/ids.ts";
import type { Executor } from "./store.ts";
import type { SubscriptionTable } from "./tables/subscriptions.ts";

/** A named cursor over feeds as stored. Times are ms since epoch. */
export interface SubscriptionRow {
  readonly name: string;
  readonly feeds: readonly FeedId[];
  readonly position: number;
  readonly createdAt: number;
  readonly acknowledgedAt: number | null;
  readonly session: string | null;
  readonly consumer: string | null;
  readonly leaseUntil: number;
}

/** Stores a new one; false when the name is taken. Part of the caller's transaction. */
export const insertSubscription = async (
  trx: Executor,
  row: Pick<SubscriptionRow, "name" | "feeds" | "position" | "createdAt">,
): Promise<boolean> => {
  const result = await trx
    .insertInto("subscriptions")
    .values({
      name: row.name,
      feeds_json: JSON.stringify(row.feeds),
      position: row.position,
      created_at: row.createdAt,
      acknowledged_at: null,
      session: null,
      consumer: null,
      lease_until: 0,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
};

/** By name. */
export const listSubscriptions = async (db: Executor): Promise<readonly SubscriptionRow[]> => {
  const rows = await db.selectFrom("subscriptions").selectAll().orderBy("name").execute();
  return rows.map(readSubscription);
};

/** Null when there is none. */
export const findSubscription = async (
  db: Executor,
  name: string,
): Promise<SubscriptionRow | null> => {
  const row = await db
    .selectFrom("subscriptions")
    .selectAll()
    .where("name", "=", name)
    .executeTakeFirst();
  return row ? readSubscription(row) : null;
};

export const countSubscriptions = async (db: Executor): Promise<number> => {
  const row = await db
    .selectFrom("subscriptions")
    .select((column) => column.fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  return row.count;
};

/** False when there was none. */
export const deleteSubscription = async (trx: Executor, name: string): Promise<boolean> => {
  const result = await trx.deleteFrom("subscriptions").where("name", "=", name).executeTakeFirst();
  return result.numDeletedRows === 1n;
};

/** Who holds it from now on; null: nobody. */
export const holdSubscription = async (
  trx: Executor,
  name: string,
  holder: { readonly session: string; readonly consumer: string; readonly until: number } | null,
): Promise<void> => {
  await trx
    .updateTable("subscriptions")
    .set({
      session: holder?.session ?? null,
      consumer: holder?.consumer ?? null,
      lease_until: holder?.until ?? 0,
    })
    .where("name", "=", name)
    .execute();
};

/** Holds it longer; false when another session holds it, or none. */
export const extendSession = async (
  trx: Executor,
  held: { readonly name: string; readonly session: string; readonly until: number },
): Promise<boolean> => {
  const result = await trx
    .updateTable("subscriptions")
    .set({ lease_until: held.until })
    .where("name", "=", held.name)
    .where("session", "=", held.session)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
};

/** Moves the cursor forward. */
export const acknowledgeUpTo = async (
  trx: Executor,
  move: { readonly name: string; readonly position: number; readonly at: number },
): Promise<void> => {
  await trx
    .updateTable("subscriptions")
    .set({ position: move.position, acknowledged_at: move.at })
    .where("name", "=", move.name)
    .where("position", "<", move.position)
    .execute();
};

/** Moves the cursor anywhere and ends the session; false when there is no such subscription. */
export const seekSubscription = async (
  trx: Executor,
  name: string,
  position: number,
): Promise<boolean> => {
  const result = await trx
    .updateTable("subscriptions")
    .set({ position, session: null, consumer: null, lease_until: 0 })
    .where("name", "=", name)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
};

const readSubscription = (row: Selectable<SubscriptionTable>): SubscriptionRow => ({
  name: row.name,
  feeds: JSON.parse(row.feeds_json) as FeedId[],
  position: row.position,
  createdAt: row.created_at,
  acknowledgedAt: row.acknowledged_at,
  session: row.session,
  consumer: row.consumer,
  leaseUntil: row.lease_until,
});
