import { sql, type Kysely, type Transaction } from "kysely";

/** Works that share one commit at most. */
const MAX_BATCH = 64;

interface Waiting<Schema> {
  /** Runs the work; returns what settles its caller after the commit. */
  readonly run: (trx: Transaction<Schema>) => Promise<Settle>;
  readonly fail: (error: unknown) => void;
  readonly sync: Sync;
}

type Settle = () => void;

/**
 * When a commit is on disk. `now`: before its caller hears of it. `later`: it outlives the death of this process at
 * once, and a power cut together with the next commit that is synced; the log is written in order, so that what a
 * power cut takes is always the newest end of it and never something in between.
 */
export type Sync = "now" | "later";

/** Transactions of one writer connection, many to a commit. */
export interface CommitQueue<Schema> {
  submit<Result>(work: (trx: Transaction<Schema>) => Promise<Result>, sync: Sync): Promise<Result>;
  /** Resolves when everything submitted so far is settled. */
  idle(): Promise<void>;
}

/**
 * Group commit: whatever waits when the writer is free goes into one transaction, so that one sync to disk serves
 * all. Each work has a savepoint; one that throws is undone alone, and nobody hears success before the commit.
 */
export const createCommitQueue = <Schema>(
  db: Kysely<Schema>,
  /** Sets how the next commits of the connection are synced. */
  setSync: (sync: Sync) => void,
): CommitQueue<Schema> => {
  let inForce: Sync = "now";
  const waiting: Waiting<Schema>[] = [];
  let running: Promise<void> | null = null;

  const drain = async (): Promise<void> => {
    while (waiting.length > 0) {
      // The sync blocks this thread; let what arrived meanwhile join, and timers and sockets have their turn.
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      const batch = waiting.splice(0, MAX_BATCH);
      const sync = batch.some((entry) => entry.sync === "now") ? "now" : "later";
      if (sync !== inForce) setSync(sync);
      inForce = sync;
      await commitBatch(db, batch);
    }
    running = null;
  };

  return {
    submit: (work, sync) =>
      new Promise((resolve, reject) => {
        const run = async (trx: Transaction<Schema>): Promise<Settle> => {
          const result = await work(trx);
          return () => {
            resolve(result);
          };
        };
        waiting.push({ run, fail: reject, sync });
        running ??= drain();
      }),
    idle: async () => {
      await running;
    },
  };
};

const commitBatch = async <Schema>(
  db: Kysely<Schema>,
  batch: readonly Waiting<Schema>[],
): Promise<void> => {
  const settles: Settle[] = [];
  try {
    await db.transaction().execute(async (trx) => {
      const [only, ...others] = batch;
      if (only && others.length === 0) settles.push(await only.run(trx));
      else for (const entry of batch) settles.push(await runBehindSavepoint(trx, entry));
    });
  } catch (error) {
    for (const { fail } of batch) fail(error);
    return;
  }
  for (const settle of settles) settle();
};

/** Throws only when the transaction itself is gone, which ends the whole batch. */
const runBehindSavepoint = async <Schema>(
  trx: Transaction<Schema>,
  { run, fail }: Waiting<Schema>,
): Promise<Settle> => {
  await sql`savepoint work`.execute(trx);
  try {
    const settle = await run(trx);
    await sql`release savepoint work`.execute(trx);
    return settle;
  } catch (error) {
    await sql`rollback to savepoint work`.execute(trx);
    await sql`release savepoint work`.execute(trx);
    return () => {
      fail(error);
    };
  }
};
