import type { Selectable } from "kysely";
import type { RunId, FeedId } from "../core/ids.ts";
import type { RunStatus, RunTable } from "./database.ts";
import type { Executor } from "./store.ts";
import { insertTranscript, type StoredTranscript } from "./transcripts.ts";

/** One run of a Cryptlet as stored. Times are ms since epoch. */
export interface RunRow {
  readonly id: RunId;
  readonly feed: FeedId;
  readonly triggerId: string;
  readonly startedAt: number;
  readonly finishedAt: number | null;
  readonly status: RunStatus;
  readonly error: string | null;
  /** Receipt as JSON; null until it ended well. */
  readonly receiptJson: string | null;
}

/** Stores a run before it starts. */
export const openRun = async (
  db: Executor,
  run: Pick<RunRow, "id" | "feed" | "triggerId" | "startedAt">,
): Promise<void> => {
  await db
    .insertInto("runs")
    .values({
      id: run.id,
      feed: run.feed,
      trigger_id: run.triggerId,
      started_at: run.startedAt,
      finished_at: null,
      status: "running",
      error: null,
      receipt_json: null,
    })
    .execute();
};

/** How a run ended. */
export interface RunEnd {
  readonly id: RunId;
  readonly status: Exclude<RunStatus, "running" | "abandoned">;
  readonly finishedAt: number;
  /** Code of the error; null when there was none. */
  readonly error: string | null;
  /** Receipt as JSON; null for a run that failed. */
  readonly receiptJson: string | null;
  /** Null where the policy keeps none. */
  readonly transcript: StoredTranscript | null;
}

/** Ends a run that is still open; a run that has ended stays as it is. */
export const closeRun = async (db: Executor, end: RunEnd): Promise<void> => {
  const result = await db
    .updateTable("runs")
    .set({
      status: end.status,
      finished_at: end.finishedAt,
      error: end.error,
      receipt_json: end.receiptJson,
    })
    .where("id", "=", end.id)
    .where("status", "=", "running")
    .executeTakeFirst();
  if (end.transcript && Number(result.numUpdatedRows) === 1)
    await insertTranscript(db, end.id, end.transcript, end.finishedAt);
};

/** At start: whatever still runs belongs to a process that died. Returns how many there were. */
export const abandonOpenRuns = async (db: Executor, at: number): Promise<number> => {
  const result = await db
    .updateTable("runs")
    .set({ status: "abandoned", finished_at: at })
    .where("status", "=", "running")
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
};

const columns = [
  "id",
  "feed",
  "trigger_id",
  "started_at",
  "finished_at",
  "status",
  "error",
  "receipt_json",
] as const;

const toRun = (row: Pick<Selectable<RunTable>, (typeof columns)[number]>): RunRow => ({
  id: row.id as RunId,
  feed: row.feed as FeedId,
  triggerId: row.trigger_id,
  startedAt: row.started_at,
  finishedAt: row.finished_at,
  status: row.status,
  error: row.error,
  receiptJson: row.receipt_json,
});

/** Newest first. */
export const listRuns = async (
  db: Executor,
  filter: { readonly feed?: FeedId; readonly status?: RunStatus; readonly limit: number },
): Promise<readonly RunRow[]> => {
  let query = db.selectFrom("runs").select(columns);
  if (filter.feed !== undefined) query = query.where("feed", "=", filter.feed);
  if (filter.status !== undefined) query = query.where("status", "=", filter.status);
  const rows = await query
    .orderBy("started_at", "desc")
    .orderBy("id", "desc")
    .limit(filter.limit)
    .execute();
  return rows.map(toRun);
};

/** One run; null when there is none, or it was pruned. */
export const findRun = async (db: Executor, id: RunId): Promise<RunRow | null> => {
  const row = await db.selectFrom("runs").select(columns).where("id", "=", id).executeTakeFirst();
  return row ? toRun(row) : null;
};

/** The newest run that a trigger started; null when there is none. */
export const findRunOfTrigger = async (db: Executor, triggerId: string): Promise<RunRow | null> => {
  const row = await db
    .selectFrom("runs")
    .select(columns)
    .where("trigger_id", "=", triggerId)
    .orderBy("started_at", "desc")
    .limit(1)
    .executeTakeFirst();
  return row ? toRun(row) : null;
};

/** Deletes ended runs that started before `before`; runs that made a round or whose transcript is kept stay. Returns how many. */
export const pruneRuns = async (db: Executor, before: number): Promise<number> => {
  const result = await db
    .deleteFrom("runs")
    .where("started_at", "<", before)
    .where("status", "not in", ["running", "published"])
    .where("id", "not in", (query) => query.selectFrom("transcripts").select("run_id"))
    .executeTakeFirst();
  return Number(result.numDeletedRows);
};
