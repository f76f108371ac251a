import { type Kysely, type Migration, sql } from "kysely";
import type { ColumnTypes } from "../columns.ts";

/** What enclaves leave behind: transcripts and receipts of runs, evidence once per digest, sealed state, counters. */
export const enclaveRecord = ({ bytes }: ColumnTypes): Migration => ({
  up: async (db: Kysely<unknown>) => {
    await db.schema
      .createTable("transcripts")
      .addColumn("run_id", "text", (column) => column.primaryKey().references("runs.id"))
      .addColumn("digest", "text", (column) => column.notNull())
      .addColumn("form", "text", (column) => column.notNull())
      .addColumn("body", "text", (column) => column.notNull())
      .addColumn("stored_at", "bigint", (column) => column.notNull())
      .execute();
    await index(db, "transcripts", "digest");
    await index(db, "transcripts", "stored_at");
    await sql`insert into transcripts (run_id, digest, form, body, stored_at)
      select id, '', 'plain', transcript, finished_at from runs where transcript is not null`.execute(
      db,
    );
    await db.schema.alterTable("runs").dropColumn("transcript").execute();
    await db.schema.alterTable("runs").addColumn("receipt_json", "text").execute();
    await db.schema
      .createTable("evidence")
      .addColumn("digest", "text", (column) => column.primaryKey())
      .addColumn("evidence_json", "text", (column) => column.notNull())
      .addColumn("stored_at", "bigint", (column) => column.notNull())
      .execute();
    await db.schema.alterTable("envelopes").addColumn("evidence_digest", "text").execute();
    await db.schema
      .createTable("cryptlet_states")
      .addColumn("scope", "text", (column) => column.primaryKey())
      .addColumn("version", "bigint", (column) => column.notNull())
      .addColumn("body", bytes, (column) => column.notNull())
      .addColumn("updated_at", "bigint", (column) => column.notNull())
      .execute();
    await db.schema
      .createTable("monotonic_counters")
      .addColumn("name", "text", (column) => column.primaryKey())
      .addColumn("value", "bigint", (column) => column.notNull())
      .execute();
  },
});

const index = async (db: Kysely<unknown>, table: string, column: string): Promise<void> => {
  await db.schema.createIndex(`${table}_by_${column}`).on(table).column(column).execute();
};
