import { sql, type Generated, type Kysely, type Migration } from "kysely";

/** Tables of the broker's own database. Times are ms since epoch. */
export interface VaultDatabase {
  readonly secrets: SecretTable;
  readonly audit: AuditTable;
}

/** One secret; a revoked one has lost its value for good. */
export interface SecretTable {
  name: string;
  version: number;
  policy_json: string;
  /** Null once revoked. */
  sealed: Uint8Array | null;
  put_at: number;
  revoked_at: number | null;
}

/** One event. Rows are never changed or removed: the database refuses it, and each row's head chains all before it. */
export interface AuditTable {
  seq: Generated<number>;
  at: number;
  event_json: string;
  /** SHA-256 over the head before and this event. */
  head: string;
}

/** Forward only, as in the fabric's own database. */
export const vaultMigrations: Readonly<Record<string, Migration>> = {
  "0001-vault": {
    up: async (db: Kysely<unknown>) => {
      await db.schema
        .createTable("secrets")
        .addColumn("name", "text", (column) => column.primaryKey())
        .addColumn("version", "bigint", (column) => column.notNull())
        .addColumn("policy_json", "text", (column) => column.notNull())
        .addColumn("sealed", "blob")
        .addColumn("put_at", "bigint", (column) => column.notNull())
        .addColumn("revoked_at", "bigint")
        .execute();
      await db.schema
        .createTable("audit")
        .addColumn("seq", "integer", (column) => column.primaryKey().autoIncrement())
        .addColumn("at", "bigint", (column) => column.notNull())
        .addColumn("event_json", "text", (column) => column.notNull())
        .addColumn("head", "text", (column) => column.notNull())
        .execute();
      for (const action of ["update", "delete"])
        await sql
          .raw(
            `create trigger audit_no_${action} before ${action} on audit begin select raise(abort, 'append only'); end`,
          )
          .execute(db);
    },
  },
};
