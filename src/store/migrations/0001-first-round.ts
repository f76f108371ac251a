import type { Kysely, Migration } from "kysely";
import type { ColumnTypes } from "../columns.ts";

/** Runs, rounds, envelopes, outbox, deliveries, cursors, consumers, the in-process bus, EVM submissions. */
export const firstRound = (types: ColumnTypes): Migration => ({
  up: async (db: Kysely<unknown>) => {
    await createRecord(db);
    await createOutbox(db, types);
    await createDeliveries(db, types);
    await createConsumers(db);
    await createStoreBusLog(db, types);
    await createEvmSubmissions(db);
  },
});

const createRecord = async (db: Kysely<unknown>): Promise<void> => {
  await db.schema
    .createTable("runs")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("feed", "text", (column) => column.notNull())
    .addColumn("trigger_id", "text", (column) => column.notNull())
    .addColumn("started_at", "bigint", (column) => column.notNull())
    .addColumn("finished_at", "bigint")
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("error", "text")
    .addColumn("transcript", "text")
    .execute();
  await index(db, "runs", "feed", "started_at");
  await index(db, "runs", "status");
  await index(db, "runs", "trigger_id");
  await db.schema
    .createTable("envelopes")
    .addColumn("digest", "text", (column) => column.primaryKey())
    .addColumn("feed", "text", (column) => column.notNull())
    .addColumn("round", "bigint", (column) => column.notNull())
    .addColumn("bundle_json", "text", (column) => column.notNull())
    .addUniqueConstraint("envelopes_feed_round", ["feed", "round"])
    .execute();
  await db.schema
    .createTable("rounds")
    .addColumn("feed", "text", (column) => column.notNull())
    .addColumn("round", "bigint", (column) => column.notNull())
    .addColumn("envelope_digest", "text", (column) =>
      column.notNull().unique().references("envelopes.digest"),
    )
    .addColumn("run_id", "text")
    .addColumn("answer", "text")
    .addColumn("value_json", "text", (column) => column.notNull())
    .addColumn("observed_at", "bigint", (column) => column.notNull())
    .addColumn("issued_at", "bigint", (column) => column.notNull())
    .addColumn("valid_until", "bigint", (column) => column.notNull())
    .addColumn("mode", "text", (column) => column.notNull())
    .addColumn("view_json", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("rounds_key", ["feed", "round"])
    .execute();
};

const createOutbox = async (
  db: Kysely<unknown>,
  { bytes, sequence }: ColumnTypes,
): Promise<void> => {
  await db.schema
    .createTable("outbox")
    .addColumn("id", sequence.type, sequence.build)
    .addColumn("subject", "text", (column) => column.notNull())
    .addColumn("message_id", "text", (column) => column.notNull().unique())
    .addColumn("payload", bytes, (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("published_at", "bigint")
    .addColumn("stream", "text")
    .addColumn("stream_sequence", "bigint")
    .execute();
  await index(db, "outbox", "published_at", "id");
  await db.schema
    .createTable("trigger_cursors")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("position", "text", (column) => column.notNull())
    .addColumn("updated_at", "bigint", (column) => column.notNull())
    .execute();
};

const createDeliveries = async (db: Kysely<unknown>, { sequence }: ColumnTypes): Promise<void> => {
  await db.schema
    .createTable("deliveries")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("feed", "text", (column) => column.notNull())
    .addColumn("round", "bigint", (column) => column.notNull())
    .addColumn("chain", "text", (column) => column.notNull())
    .addColumn("contract", "text", (column) => column.notNull())
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("tx_hash", "text")
    .addColumn("block_number", "bigint")
    .addColumn("block_hash", "text")
    .addColumn("receipt_json", "text")
    .addColumn("error", "text")
    .addColumn("attempts", "bigint", (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("updated_at", "bigint", (column) => column.notNull())
    .addUniqueConstraint("deliveries_target", ["feed", "round", "chain", "contract"])
    .addForeignKeyConstraint("deliveries_round", ["feed", "round"], "rounds", ["feed", "round"])
    .execute();
  await index(db, "deliveries", "status", "chain");
  await index(db, "deliveries", "updated_at");
  await db.schema
    .createTable("delivery_events")
    .addColumn("id", sequence.type, sequence.build)
    .addColumn("delivery_id", "text", (column) => column.notNull().references("deliveries.id"))
    .addColumn("at", "bigint", (column) => column.notNull())
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("detail", "text", (column) => column.notNull())
    .execute();
  await index(db, "delivery_events", "delivery_id", "id");
};

const createConsumers = async (db: Kysely<unknown>): Promise<void> => {
  await db.schema
    .createTable("bus_consumer_sequences")
    .addColumn("stream", "text", (column) => column.notNull())
    .addColumn("consumer", "text", (column) => column.notNull())
    .addColumn("message_key", "text", (column) => column.notNull())
    .addColumn("sequence", "bigint", (column) => column.notNull())
    .addColumn("applied_at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("bus_consumer_sequences_key", ["stream", "consumer", "message_key"])
    .execute();
  await index(db, "bus_consumer_sequences", "applied_at");
};

const createStoreBusLog = async (db: Kysely<unknown>, { bytes }: ColumnTypes): Promise<void> => {
  await db.schema
    .createTable("bus_streams")
    .addColumn("name", "text", (column) => column.primaryKey())
    .addColumn("config_json", "text", (column) => column.notNull())
    .addColumn("last_sequence", "bigint", (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("bus_messages")
    .addColumn("stream", "text", (column) => column.notNull().references("bus_streams.name"))
    .addColumn("sequence", "bigint", (column) => column.notNull())
    .addColumn("subject", "text", (column) => column.notNull())
    .addColumn("message_id", "text")
    .addColumn("data", bytes, (column) => column.notNull())
    .addColumn("stored_at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("bus_messages_key", ["stream", "sequence"])
    .execute();
  await index(db, "bus_messages", "stream", "message_id");
  await index(db, "bus_messages", "stream", "stored_at");
  await db.schema
    .createTable("bus_consumers")
    .addColumn("stream", "text", (column) => column.notNull().references("bus_streams.name"))
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("filter_subject", "text", (column) => column.notNull())
    .addColumn("delivered", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("bus_consumers_key", ["stream", "name"])
    .execute();
  await db.schema
    .createTable("bus_pending")
    .addColumn("stream", "text", (column) => column.notNull())
    .addColumn("consumer", "text", (column) => column.notNull())
    .addColumn("sequence", "bigint", (column) => column.notNull())
    .addColumn("deliveries", "bigint", (column) => column.notNull())
    .addColumn("due_at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("bus_pending_key", ["stream", "consumer", "sequence"])
    .addForeignKeyConstraint("bus_pending_consumer", ["stream", "consumer"], "bus_consumers", [
      "stream",
      "name",
    ])
    .execute();
};

const createEvmSubmissions = async (db: Kysely<unknown>): Promise<void> => {
  await db.schema
    .createTable("evm_submissions")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("delivery_id", "text", (column) => column.references("deliveries.id"))
    .addColumn("chain", "text", (column) => column.notNull())
    .addColumn("signer", "text", (column) => column.notNull())
    .addColumn("nonce", "bigint", (column) => column.notNull())
    .addColumn("raw", "text", (column) => column.notNull())
    .addColumn("hash", "text", (column) => column.notNull())
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("block_number", "bigint")
    .addColumn("block_hash", "text")
    .addColumn("attempts", "bigint", (column) => column.notNull())
    .addColumn("error", "text")
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("updated_at", "bigint", (column) => column.notNull())
    .addUniqueConstraint("evm_submissions_attempt", ["chain", "signer", "nonce", "hash"])
    .execute();
  await index(db, "evm_submissions", "delivery_id");
  await index(db, "evm_submissions", "chain", "signer", "status");
};

const index = async (db: Kysely<unknown>, table: string, ...columns: string[]): Promise<void> => {
  await db.schema
    .createIndex(`${table}_by_${columns.join("_")}`)
    .on(table)
    .columns(columns)
    .execute();
};
