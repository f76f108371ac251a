import { sql, type Kysely, type Transaction } from "kysely";

/** Works that share one commit at most. */
const MAX_BATCH = 64;

interface Waiting<Schema> {
  /** Runs the work; returns what settles its caller after the commit. */
  readonly run: (trx: Transaction<Schema>) => Promise<Settle>;
  readonly fail: (error: unknown) => void;
}

type Settle = () => void;

/** Transactions of one writer connection, many to a commit. */
export interface CommitQueue<Schema> {
  submit<Result>(work: (trx: Transaction<Schema>) => Promise<Result>): Promise<Result>;
  /** Resolves when everything submitted so far is settled. */
  idle(): Promise<void>;
}

/**
 * Group commit: whatever waits when the writer is free goes into one transaction, so that one sync to disk serves
 * all. Each work has a savepoint; one that throws is undone alone, and nobody hears success before the commit.
 */
export const createCommitQueue = <Schema>(db: Kysely<Schema>): CommitQueue<Schema> => {
  const waiting: Waiting<Schema>[] = [];
  let running: Promise<void> | null = null;

  const drain = async (): Promise<void> => {
    while (waiting.length > 0) {
      // The sync blocks this thread; let what arrived meanwhile join, and timers and sockets have their turn.
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      await commitBatch(db, waiting.splice(0, MAX_BATCH));
    }
    running = null;
  };

  return {
    submit: (work) =>
      new Promise((resolve, reject) => {
        const run = async (trx: Transaction<Schema>): Promise<Settle> => {
          const result = await work(trx);
          return () => {
            resolve(result);
          };
        };
        waiting.push({ run, fail: reject });
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
