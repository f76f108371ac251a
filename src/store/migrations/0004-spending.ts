import type { Kysely, Migration } from "kysely";

/** What bindings may spend on transactions: promised and paid. */
export const spending = (): Migration => ({
  up: async (db: Kysely<unknown>) => {
    await db.schema
      .createTable("spending_reservations")
      .addColumn("delivery_id", "text", (column) => column.primaryKey())
      .addColumn("chain", "text", (column) => column.notNull())
      .addColumn("feed", "text", (column) => column.notNull())
      .addColumn("contract", "text", (column) => column.notNull())
      .addColumn("wei", "text", (column) => column.notNull())
      .addColumn("created_at", "bigint", (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex("spending_reservations_by_purse")
      .on("spending_reservations")
      .columns(["chain", "feed", "contract"])
      .execute();
    await db.schema
      .createTable("spending_totals")
      .addColumn("chain", "text", (column) => column.notNull())
      .addColumn("feed", "text", (column) => column.notNull())
      .addColumn("contract", "text", (column) => column.notNull())
      .addColumn("ends_at", "bigint", (column) => column.notNull())
      .addColumn("wei", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("spending_totals_key", ["chain", "feed", "contract", "ends_at"])
      .execute();
  },
});
