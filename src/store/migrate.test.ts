import { Kysely, sql, type Migration } from "kysely";
import { describe, expect, it } from "vitest";
import { LibsqlDialect } from "./libsql/libsql-dialect.ts";
import { openLibsql } from "./libsql/libsql-connection.ts";
import { migrate } from "./migrate.ts";

const table = (name: string): Migration => ({
  up: async (db) => {
    await db.schema.createTable(name).addColumn("id", "text").execute();
  },
});
const broken: Migration = {
  up: async (db) => {
    await db.schema.createTable("half").addColumn("id", "text").execute();
    await sql`insert into nowhere values (1)`.execute(db);
  },
};
const open = (): Kysely<unknown> =>
  new Kysely({ dialect: new LibsqlDialect(openLibsql(":memory:", 50), () => undefined) });
const tables = async (db: Kysely<unknown>): Promise<readonly string[]> =>
  (await db.introspection.getTables()).map((t) => t.name).filter((n) => !n.startsWith("schema_"));

describe("migrate", () => {
  it("applies what is missing, once", async () => {
    const db = open();
    await migrate(db, { "0001-a": table("a") }, "x");
    await migrate(db, { "0001-a": table("a"), "0002-b": table("b") }, "x");
    await migrate(db, { "0001-a": table("a"), "0002-b": table("b") }, "x");
    expect(await tables(db)).toEqual(["a", "b"]);
  });

  it("keeps nothing of a migration that fails", async () => {
    const db = open();
    await migrate(db, { "0001-a": table("a") }, "x");
    const failing = migrate(db, { "0001-a": table("a"), "0002-b": broken }, "x");
    await expect(failing).rejects.toMatchObject({
      code: "STORE_MIGRATION_FAILED",
      arguments: { migration: "0002-b" },
    });
    expect(await tables(db)).toEqual(["a"]);
  });

  it("refuses a database that knows more", async () => {
    const db = open();
    await migrate(db, { "0001-a": table("a"), "0002-b": table("b") }, "x");
    const older = migrate(db, { "0001-a": table("a") }, "x");
    await expect(older).rejects.toMatchObject({
      code: "STORE_SCHEMA_NEWER",
      arguments: { migration: "0002-b" },
    });
  });
});
