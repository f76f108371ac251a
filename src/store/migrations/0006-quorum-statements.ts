import type { Kysely, Migration } from "kysely";

/** Statements of rounds that several hosts sign, from the first signature until the round is on record. */
export const quorumStatements = (): Migration => ({
  up: async (db: Kysely<unknown>) => {
    await db.schema
      .createTable("quorum_statements")
      .addColumn("feed", "text", (column) => column.notNull())
      .addColumn("round", "bigint", (column) => column.notNull())
      .addColumn("digest", "text", (column) => column.notNull())
      .addColumn("statement", "text", (column) => column.notNull())
      .addColumn("signatures_json", "text", (column) => column.notNull())
      .addColumn("stored_at", "bigint", (column) => column.notNull())
      .addPrimaryKeyConstraint("quorum_statements_key", ["feed", "digest"])
      .execute();
    await db.schema
      .createIndex("quorum_statements_by_round")
      .on("quorum_statements")
      .columns(["feed", "round"])
      .execute();
  },
});
