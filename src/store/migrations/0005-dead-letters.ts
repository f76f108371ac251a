import type { Kysely, Migration } from "kysely";
import type { ColumnTypes } from "../columns.ts";

/** Messages that consumers gave up on. */
export const deadLetters = ({ bytes }: ColumnTypes): Migration => ({
  up: async (db: Kysely<unknown>) => {
    await db.schema
      .createTable("dead_letters")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("stream", "text", (column) => column.notNull())
      .addColumn("consumer", "text", (column) => column.notNull())
      .addColumn("sequence", "bigint", (column) => column.notNull())
      .addColumn("subject", "text", (column) => column.notNull())
      .addColumn("message_id", "text")
      .addColumn("deliveries", "bigint", (column) => column.notNull())
      .addColumn("reason", "text", (column) => column.notNull())
      .addColumn("data", bytes, (column) => column.notNull())
      .addColumn("buried_at", "bigint", (column) => column.notNull())
      .addColumn("replays", "bigint", (column) => column.notNull())
      .addColumn("replayed_at", "bigint")
      .execute();
    await db.schema
      .createIndex("dead_letters_by_buried_at")
      .on("dead_letters")
      .columns(["buried_at", "id"])
      .execute();
  },
});
