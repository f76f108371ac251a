import type { SqliteDatabase, SqliteStatement } from "kysely";
import LibsqlDatabase from "libsql";
import { fabricError } from "../../core/errors/fabric-error.ts";
import type { Sync } from "../commit-queue.ts";
import { libsqlError } from "./libsql-error.ts";
import { checkValues, readRow } from "./libsql-values.ts";

/** Statements kept prepared: without them 40,000 queries hold 180 MB until the collector runs, and take 3x as long. */
const MAX_STATEMENTS = 256;

type Native = InstanceType<typeof LibsqlDatabase>;

/** What kysely's SQLite driver takes, and how its commits are synced; not to be changed inside a transaction. */
export interface LibsqlConnection extends SqliteDatabase {
  setSync(sync: Sync): void;
}

/**
 * Opens one libsql connection in WAL with a sync at every commit, in the shape that kysely's SQLite driver takes.
 * Every error is of the catalogue. Throws `STORE_UNREADABLE`, `STORE_CORRUPT`, `STORE_LOCKED`.
 */
export const openLibsql = (file: string, busyTimeoutMs: number): LibsqlConnection => {
  try {
    const native = new LibsqlDatabase(file);
    native.exec(`pragma busy_timeout = ${Math.trunc(busyTimeoutMs)}`);
    const [mode] = native.prepare("pragma journal_mode = wal").all() as { journal_mode: string }[];
    if (mode?.journal_mode !== "wal" && file !== ":memory:")
      throw fabricError("STORE_UNREADABLE", { file, reason: "its file system cannot do WAL" });
    native.exec("pragma synchronous = full");
    native.exec("pragma foreign_keys = on");
    return createConnection(native, file);
  } catch (error) {
    throw libsqlError(error, file);
  }
};

const createConnection = (native: Native, file: string): LibsqlConnection => {
  const statements = new Map<string, SqliteStatement>();
  let inTransaction = false;

  const prepare = (sql: string): SqliteStatement => {
    const known = statements.get(sql);
    if (known) return known;
    if (statements.size >= MAX_STATEMENTS) statements.clear();
    const statement = wrapStatement(native.prepare(sql), () => {
      // A full disk or a failing one ends the transaction inside SQLite; what follows would commit alone.
      if (inTransaction && !native.inTransaction)
        throw fabricError("STORE_IO", { file, reason: "the transaction was undone" });
    });
    statements.set(sql, statement);
    return statement;
  };

  const guarded = <Result>(work: () => Result): Result => {
    try {
      return work();
    } catch (error) {
      throw libsqlError(error, file);
    }
  };

  /** `begin` takes the write lock at once: upgrading later fails without waiting when another writer was first. */
  const control: Readonly<Record<string, () => void>> = {
    begin: () => {
      native.exec("begin immediate");
      inTransaction = true;
    },
    commit: () => {
      if (!native.inTransaction)
        throw fabricError("STORE_IO", { file, reason: "the transaction was undone" });
      native.exec("commit");
      inTransaction = false;
    },
    rollback: () => {
      inTransaction = false;
      if (native.inTransaction) native.exec("rollback");
    },
  };

  return {
    prepare: (sql) => {
      const step = control[sql];
      if (step) return controlStatement(() => guarded(step));
      const statement = guarded(() => prepare(sql));
      return {
        reader: statement.reader,
        all: (values) => guarded(() => statement.all(values)),
        run: (values) => guarded(() => statement.run(values)),
        iterate: (values) => guarded(() => statement.iterate(values)),
      };
    },
    setSync: (sync) => {
      guarded(() => {
        native.exec(`pragma synchronous = ${sync === "now" ? "full" : "normal"}`);
      });
    },
    close: () => {
      guarded(() => {
        statements.clear();
        if (file !== ":memory:") native.prepare("pragma wal_checkpoint(truncate)").all();
        native.close();
      });
    },
  };
};

const wrapStatement = (
  statement: ReturnType<Native["prepare"]>,
  check: () => void,
): SqliteStatement => {
  const all = (values: readonly unknown[]): unknown[] => {
    check();
    return statement.all(checkValues(values)).map(readRow);
  };
  return {
    reader: statement.reader,
    all,
    run: (values) => {
      check();
      return statement.run(checkValues(values));
    },
    iterate: (values) => all(values)[Symbol.iterator](),
  };
};

const controlStatement = (step: () => void): SqliteStatement => ({
  reader: false,
  all: () => [],
  run: () => {
    step();
    return { changes: 0, lastInsertRowid: 0 };
  },
  iterate: () => [][Symbol.iterator](),
});
