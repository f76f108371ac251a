import type { Digest, RunId } from "../core/ids.ts";
import type { TranscriptForm } from "./database.ts";
import type { Executor } from "./store.ts";

/** A transcript as it is kept: plain JSON, or sealed by the enclave that made it. */
export interface StoredTranscript {
  /** What the signed statement names: the last link of the journal. */
  readonly digest: Digest;
  readonly form: TranscriptForm;
  readonly body: string;
}

/** Keeps the transcript of a run, in the transaction of the run's end. */
export const insertTranscript = async (
  db: Executor,
  run: RunId,
  transcript: StoredTranscript,
  at: number,
): Promise<void> => {
  await db
    .insertInto("transcripts")
    .values({ run_id: run, ...transcript, stored_at: at })
    .execute();
};

const columns = ["digest", "form", "body"] as const;

/** The transcript of a run; null when it was not kept. */
export const findTranscript = async (
  db: Executor,
  run: RunId,
): Promise<StoredTranscript | null> => {
  const row = await db
    .selectFrom("transcripts")
    .select(columns)
    .where("run_id", "=", run)
    .executeTakeFirst();
  return row ? { ...row, digest: row.digest as Digest } : null;
};

/** Deletes transcripts that were stored before `before`, ms since epoch. Returns how many. */
export const pruneTranscripts = async (db: Executor, before: number): Promise<number> => {
  const result = await db
    .deleteFrom("transcripts")
    .where("stored_at", "<", before)
    .executeTakeFirst();
  return Number(result.numDeletedRows);
};
