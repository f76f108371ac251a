import { sql, type Kysely, type Migration } from "kysely";
import type { ColumnTypes } from "../columns.ts";

/** Cursors over rounds, webhooks with their calls, and runs that were asked for. */
export const subscriptions = (types: ColumnTypes): Migration => ({
  up: async (db: Kysely<unknown>) => {
    await createRoundLog(db, types);
    await createSubscriptions(db);
    await createWebhooks(db);
    await createRunRequests(db);
    // Which round was valid at a time.
    await db.schema
      .createIndex("rounds_by_issued_at")
      .on("rounds")
      .columns(["feed", "issued_at"])
      .execute();
  },
});

const createRoundLog = async (db: Kysely<unknown>, { sequence }: ColumnTypes): Promise<void> => {
  await db.schema
    .createTable("round_log")
    .addColumn("position", sequence.type, sequence.build)
    .addColumn("feed", "text", (column) => column.notNull())
    .addColumn("round", "bigint", (column) => column.notNull())
    .addUniqueConstraint("round_log_round", ["feed", "round"])
    .execute();
  await db.schema
    .createIndex("round_log_by_feed")
    .on("round_log")
    .columns(["feed", "position"])
    .execute();
  // Rounds from before the log: by the signature's time, and inside a feed by number.
  await sql`insert into round_log (feed, round) select feed, round from rounds order by issued_at, feed, round`.execute(
    db,
  );
};

const createSubscriptions = async (db: Kysely<unknown>): Promise<void> => {
  await db.schema
    .createTable("subscriptions")
    .addColumn("name", "text", (column) => column.primaryKey())
    .addColumn("feeds_json", "text", (column) => column.notNull())
    .addColumn("position", "bigint", (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("acknowledged_at", "bigint")
    .addColumn("session", "text")
    .addColumn("consumer", "text")
    .addColumn("lease_until", "bigint", (column) => column.notNull())
    .execute();
};

const createWebhooks = async (db: Kysely<unknown>): Promise<void> => {
  await db.schema
    .createTable("webhooks")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("url", "text", (column) => column.notNull())
    .addColumn("description", "text", (column) => column.notNull())
    .addColumn("feeds_json", "text", (column) => column.notNull())
    .addColumn("position", "bigint", (column) => column.notNull())
    .addColumn("generation", "bigint", (column) => column.notNull())
    .addColumn("previous_until", "bigint")
    .addColumn("key_id", "text", (column) => column.notNull())
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("stopped", "text")
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("updated_at", "bigint", (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("webhook_calls")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("webhook", "text", (column) => column.notNull())
    .addColumn("feed", "text", (column) => column.notNull())
    .addColumn("round", "bigint", (column) => column.notNull())
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("attempts", "bigint", (column) => column.notNull())
    .addColumn("replays", "bigint", (column) => column.notNull())
    .addColumn("next_at", "bigint", (column) => column.notNull())
    .addColumn("answer", "bigint")
    .addColumn("error", "text")
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("updated_at", "bigint", (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex("webhook_calls_due")
    .on("webhook_calls")
    .columns(["webhook", "status", "next_at"])
    .execute();
  await db.schema
    .createIndex("webhook_calls_by_age")
    .on("webhook_calls")
    .columns(["status", "updated_at"])
    .execute();
};

const createRunRequests = async (db: Kysely<unknown>): Promise<void> => {
  await db.schema
    .createTable("run_requests")
    .addColumn("key", "text", (column) => column.primaryKey())
    .addColumn("feed", "text", (column) => column.notNull())
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("round", "bigint")
    .addColumn("made", "integer", (column) => column.notNull())
    .addColumn("error_json", "text")
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("updated_at", "bigint", (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex("run_requests_by_status")
    .on("run_requests")
    .columns(["status", "updated_at"])
    .execute();
};
