import { AsyncLocalStorage } from "node:async_hooks";
import { Kysely } from "kysely";
import { fabricError } from "../core/errors/fabric-error.ts";
import { sqliteColumns } from "./columns.ts";
import { createCommitQueue } from "./commit-queue.ts";
import type { Database } from "./database.ts";
import { openLibsql } from "./libsql/libsql-connection.ts";
import { LibsqlDialect } from "./libsql/libsql-dialect.ts";
import { createMigrations, migrate } from "./migrate.ts";
import type { Store, StoreOptions } from "./store.ts";

const BUSY_TIMEOUT_MS = 5_000;

/**
 * Opens the database and brings its schema up to date.
 * Throws `STORE_UNREADABLE`, `STORE_CORRUPT`, `STORE_LOCKED`, `STORE_SCHEMA_NEWER`, `STORE_MIGRATION_FAILED`.
 * @example
 * ```ts
 * const store = await openStore({ driver: "libsql", file: "fabric.db" });
 * await store.transaction((trx) => commitRound(trx, round));
 * ```
 */
export const openStore = async ({
  file,
  busyTimeoutMs = BUSY_TIMEOUT_MS,
}: StoreOptions): Promise<Store> => {
  /** Set while a transaction's work runs, and known to everything that the work calls. */
  const current = new AsyncLocalStorage<{ open: boolean }>();
  let closed = false;
  const guard = (): void => {
    if (closed) throw fabricError("STORE_CLOSED", {});
    if (current.getStore()?.open === true) throw fabricError("STORE_TRANSACTION_NESTED", {});
  };
  const connection = openLibsql(file, busyTimeoutMs);
  const db = new Kysely<Database>({ dialect: new LibsqlDialect(connection, guard) });
  try {
    await migrate(db, createMigrations(sqliteColumns), file);
  } catch (error) {
    connection.close();
    throw error;
  }

  const queue = createCommitQueue(db, (sync) => {
    connection.setSync(sync);
  });
  let closing: Promise<void> | null = null;
  const shut = async (): Promise<void> => {
    await queue.idle();
    closed = true;
    connection.close();
  };
  return {
    db,
    transaction: async (work, { sync = "now" } = {}) => {
      guard();
      if (closing) throw fabricError("STORE_CLOSED", {});
      return await queue.submit(async (trx) => {
        const scope = { open: true };
        try {
          return await current.run(scope, () => work(trx));
        } finally {
          scope.open = false;
        }
      }, sync);
    },
    close: () => {
      closing ??= shut();
      return closing;
    },
  };
};
