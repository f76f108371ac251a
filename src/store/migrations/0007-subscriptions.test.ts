import { Kysely, sql } from "kysely";
import { expect, it } from "vitest";
import { feedIdSchema } from "../../core/ids.ts";
import { sqliteColumns } from "../columns.ts";
import type { Database } from "../database.ts";
import { openLibsql } from "../libsql/libsql-connection.ts";
import { LibsqlDialect } from "../libsql/libsql-dialect.ts";
import { createMigrations, migrate } from "../migrate.ts";
import { newestPosition, positionOf } from "../round-log.ts";

const GOLD = feedIdSchema.parse("xau-usd");
const SILVER = feedIdSchema.parse("xag-usd");

it("gives rounds of an older database their places by the time of their signature", async () => {
  const connection = openLibsql(":memory:", 50);
  const db = new Kysely<Database>({ dialect: new LibsqlDialect(connection, () => undefined) });
  const all = createMigrations(sqliteColumns);
  const older = Object.fromEntries(Object.entries(all).filter(([name]) => name < "0007"));
  await migrate(db, older, "x");
  for (const [feed, round, issuedAt] of [
    [SILVER, 1, 30],
    [GOLD, 2, 20],
    [GOLD, 1, 10],
    [GOLD, 3, 30],
  ] as const) {
    const digest = `${feed}:${round}`;
    await sql`insert into envelopes (digest, feed, round, bundle_json) values (${digest}, ${feed}, ${round}, '{}')`.execute(
      db,
    );
    await sql`insert into rounds (feed, round, envelope_digest, value_json, observed_at, issued_at, valid_until, mode, view_json)
      values (${feed}, ${round}, ${digest}, '{}', 1, ${issuedAt}, 1, 'LIVE', '{}')`.execute(db);
  }
  await migrate(db, all, "x");
  const places = [];
  for (const [feed, round] of [
    [GOLD, 1],
    [GOLD, 2],
    [SILVER, 1],
    [GOLD, 3],
  ] as const)
    places.push(await positionOf(db, feed, round));
  expect(places).toEqual([1, 2, 3, 4]);
  expect(await newestPosition(db)).toBe(4);
  connection.close();
});
