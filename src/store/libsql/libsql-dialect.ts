import {
  SqliteAdapter,
  SqliteDialect,
  SqliteDriver,
  type DatabaseConnection,
  type DialectAdapter,
  type Driver,
  type SqliteDatabase,
} from "kysely";

/**
 * kysely's SQLite dialect with two changes: migrations run in a transaction (SQLite can roll back DDL), and `guard`
 * is asked before the one connection is waited for.
 */
export class LibsqlDialect extends SqliteDialect {
  readonly #database: SqliteDatabase;
  readonly #guard: () => void;

  constructor(database: SqliteDatabase, guard: () => void) {
    super({ database });
    this.#database = database;
    this.#guard = guard;
  }

  override createAdapter(): DialectAdapter {
    return new TransactionalDdlAdapter();
  }

  override createDriver(): Driver {
    return new GuardedDriver(this.#database, this.#guard);
  }
}

class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class GuardedDriver extends SqliteDriver {
  readonly #guard: () => void;

  constructor(database: SqliteDatabase, guard: () => void) {
    super({ database });
    this.#guard = guard;
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    this.#guard();
    return await super.acquireConnection();
  }
}
