import type { Selectable } from "kysely";
import type { FeedId } from "../core/ids.ts";
import type { Executor } from "./store.ts";
import type { RunRequestStatus, RunRequestTable } from "./tables/subscriptions.ts";

/** A run that somebody asked for, as stored. Times are ms since epoch. */
export interface RunRequestRow {
  readonly key: string;
  readonly feed: FeedId;
  readonly status: RunRequestStatus;
  readonly round: number | null;
  /** The round was made for this request. */
  readonly made: boolean;
  /** Error as it goes over the wire, as JSON. */
  readonly errorJson: string | null;
  readonly createdAt: number;
}

/** Stores a new one, waiting or answered; false when the key is taken. Part of the caller's transaction. */
export const insertRunRequest = async (
  trx: Executor,
  row: Pick<RunRequestRow, "key" | "feed" | "round" | "createdAt">,
): Promise<boolean> => {
  const result = await trx
    .insertInto("run_requests")
    .values({
      key: row.key,
      feed: row.feed,
      status: row.round === null ? "waiting" : "done",
      round: row.round,
      made: 0,
      error_json: null,
      created_at: row.createdAt,
      updated_at: row.createdAt,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
};

/** Null when there is none. */
export const findRunRequest = async (db: Executor, key: string): Promise<RunRequestRow | null> => {
  const row = await db
    .selectFrom("run_requests")
    .selectAll()
    .where("key", "=", key)
    .executeTakeFirst();
  return row ? readRequest(row) : null;
};

/** Those without an end, oldest first: what a new process finds. */
export const openRunRequests = async (db: Executor): Promise<readonly RunRequestRow[]> => {
  const rows = await db
    .selectFrom("run_requests")
    .selectAll()
    .where("status", "in", ["waiting", "running"])
    .orderBy("created_at")
    .orderBy("key")
    .execute();
  return rows.map(readRequest);
};

/** How many of a feed wait for their run. */
export const countWaitingRequests = async (db: Executor, feed: FeedId): Promise<number> => {
  const row = await db
    .selectFrom("run_requests")
    .select((column) => column.fn.countAll<number>().as("count"))
    .where("feed", "=", feed)
    .where("status", "=", "waiting")
    .executeTakeFirstOrThrow();
  return row.count;
};

/** Written before the run begins; false when it began before. */
export const beginRunRequest = async (trx: Executor, key: string, at: number): Promise<boolean> => {
  const result = await trx
    .updateTable("run_requests")
    .set({ status: "running", updated_at: at })
    .where("key", "=", key)
    .where("status", "=", "waiting")
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
};

/** Writes the answer; the first one stays. */
export const endRunRequest = async (
  trx: Executor,
  key: string,
  end:
    | { readonly status: "done"; readonly round: number; readonly made: boolean }
    | { readonly status: "failed"; readonly errorJson: string },
  at: number,
): Promise<void> => {
  await trx
    .updateTable("run_requests")
    .set({
      status: end.status,
      round: end.status === "done" ? end.round : null,
      made: end.status === "done" && end.made ? 1 : 0,
      error_json: end.status === "failed" ? end.errorJson : null,
      updated_at: at,
    })
    .where("key", "=", key)
    .where("status", "in", ["waiting", "running"])
    .execute();
};

/** Forgets a request whose run never began, so that its key is free. */
export const forgetRunRequest = async (trx: Executor, key: string): Promise<void> => {
  await trx
    .deleteFrom("run_requests")
    .where("key", "=", key)
    .where("status", "=", "waiting")
    .execute();
};

/** Forgets requests that ended before `before`. Returns how many. */
export const pruneRunRequests = async (trx: Executor, before: number): Promise<number> => {
  const result = await trx
    .deleteFrom("run_requests")
    .where("status", "in", ["done", "failed"])
    .where("updated_at", "<", before)
    .executeTakeFirst();
  return Number(result.numDeletedRows);
};

const readRequest = (row: Selectable<RunRequestTable>): RunRequestRow => ({
  key: row.key,
  feed: row.feed as FeedId,
  status: row.status,
  round: row.round,
  made: row.made === 1,
  errorJson: row.error_json,
  createdAt: row.created_at,
});
