import { sql, type Kysely, type Migration } from "kysely";

/**
 * The index over a registry's log. Everything in it can be made again from the log.
 *
 * The words are SQLite's own full-text table (FTS5, https://www.sqlite.org/fts5.html), the one thing here that another
 * database would have to have in its own way. It is contentless, because the packages stand beside it, and keeps no
 * positions, because every token is asked for alone. Its row ids are the order of the answer: reading the best 20 of
 * 100,000 matches then reads 20 of them, where FTS5's own `rank` weighs every one (76 ms against 0.03 ms measured).
 * The marks below belong to tokens such as `host:api.kraken.com`; what is in a token is `src/registry/search`'s affair.
 */
export const registry = (): Migration => ({
  up: async (db: Kysely<unknown>) => {
    await db.schema
      .createTable("registry_packages")
      .addColumn("name", "text", (column) => column.primaryKey())
      .addColumn("place", "bigint", (column) => column.notNull().unique())
      .addColumn("version", "text", (column) => column.notNull())
      .addColumn("state", "text", (column) => column.notNull())
      .addColumn("position", "bigint", (column) => column.notNull())
      .addColumn("dependents", "integer", (column) => column.notNull())
      .execute();
    await db.schema
      .createTable("registry_releases")
      .addColumn("name", "text", (column) => column.notNull())
      .addColumn("version", "text", (column) => column.notNull())
      .addColumn("position", "bigint", (column) => column.notNull())
      .addColumn("state", "text", (column) => column.notNull())
      .addColumn("reason", "text")
      .addColumn("document_json", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("registry_releases_key", ["name", "version"])
      .execute();
    await db.schema
      .createTable("registry_calls")
      .addColumn("caller", "text", (column) => column.notNull())
      .addColumn("callee", "text", (column) => column.notNull())
      .addColumn("publisher", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("registry_calls_key", ["callee", "caller"])
      .execute();
    await db.schema
      .createIndex("registry_calls_by_caller")
      .on("registry_calls")
      .column("caller")
      .execute();
    await db.schema
      .createTable("registry_typos")
      .addColumn("variant", "text", (column) => column.notNull())
      .addColumn("word", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("registry_typos_key", ["variant", "word"])
      .modifyEnd(sql`without rowid`)
      .execute();
    await db.schema
      .createTable("registry_cursor")
      .addColumn("id", "integer", (column) => column.primaryKey())
      .addColumn("origin", "text", (column) => column.notNull())
      .addColumn("size", "bigint", (column) => column.notNull())
      .addColumn("root", "text", (column) => column.notNull())
      .execute();
    await sql`create virtual table registry_words using fts5(
      name, offers, description, facets,
      content='', contentless_delete=1, detail=column, prefix='2 3 4',
      tokenize="ascii tokenchars '=:.-_*/+@'"
    )`.execute(db);
    await sql`create virtual table registry_vocabulary using fts5vocab(registry_words, row)`.execute(
      db,
    );
  },
});
