import { runReceiptSchema } from "../envelope/run-receipt.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { findRun, listRuns, type RunRow } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import { findTranscript } from "../store/transcripts.ts";
import type { RunDirectory, RunView } from "./fabric.ts";

const viewRun = (row: RunRow): RunView => ({
  id: row.id,
  feed: row.feed,
  trigger: row.triggerId,
  status: row.status,
  error: row.error,
  startedAt: row.startedAt,
  finishedAt: row.finishedAt,
  receipt: row.receiptJson === null ? null : runReceiptSchema.parse(JSON.parse(row.receiptJson)),
});

/** Runs of this fabric's database. */
export const createRunDirectory = (store: Store): RunDirectory => ({
  list: async (filter) => (await listRuns(store.db, filter)).map(viewRun),
  async get(id) {
    const row = await findRun(store.db, id);
    if (row === null) throw fabricError("RUN_NOT_STORED", { run: id });
    return viewRun(row);
  },
  async transcript(id) {
    const found = await findTranscript(store.db, id);
    if (found === null) throw fabricError("TRANSCRIPT_NOT_KEPT", { run: id });
    return JSON.parse(found.body) as unknown;
  },
});
