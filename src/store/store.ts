import type { Kysely, Transaction } from "kysely";
import type { Sync } from "./commit-queue.ts";
import type { Database } from "./database.ts";

/** What the functions of `src/store` take: the database itself, or a transaction to be part of. */
export type Executor = Kysely<Database>;

/** The fabric's database. It is the record; everything else can be rebuilt from it. */
export interface Store {
  /** For single statements. Inside `transaction` use the given `trx` only: this one would wait for ever. */
  readonly db: Kysely<Database>;
  /**
   * Runs `work` atomically and resolves only when the commit is on disk; with `sync: "later"`, when it outlives this
   * process. Works that wait at the same time share one commit (group commit), each behind its own savepoint: one that
   * throws is undone alone.
   * `work` must not wait for anything but `trx`. Throws `STORE_TRANSACTION_NESTED`, `STORE_CLOSED` and whatever `work` throws.
   */
  transaction<Result>(
    work: (trx: Transaction<Database>) => Promise<Result>,
    options?: { readonly sync?: Sync },
  ): Promise<Result>;
  /** Waits for running transactions, then closes the file. Closing twice is allowed. */
  close(): Promise<void>;
}

/** Where the database is. PostgreSQL will be a second member. */
export interface StoreOptions {
  readonly driver: "libsql";
  /** Path of the file, or `:memory:`. Its folder must exist. */
  readonly file: string;
  /** How long another process's lock is waited for, ms. Default 5,000. */
  readonly busyTimeoutMs?: number;
}
