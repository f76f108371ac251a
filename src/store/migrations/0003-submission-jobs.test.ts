import { Kysely, sql } from "kysely";
import { expect, it } from "vitest";
import { sqliteColumns } from "../columns.ts";
import type { Database } from "../database.ts";
import { openLibsql } from "../libsql/libsql-connection.ts";
import { LibsqlDialect } from "../libsql/libsql-dialect.ts";
import { createMigrations, migrate } from "../migrate.ts";

const BEFORE = new Set(["0001-first-round", "0002-enclave-record"]);

/** Deliveries of rounds 1 to 4 in these statuses, as a database from before there were jobs has them. */
const oldDatabase = async (statuses: readonly string[]) => {
  const connection = openLibsql(":memory:", 50);
  const db = new Kysely<Database>({ dialect: new LibsqlDialect(connection, () => undefined) });
  const all = createMigrations(sqliteColumns);
  const first = Object.fromEntries(Object.entries(all).filter(([name]) => BEFORE.has(name)));
  await migrate(db, first, "x");
  for (const [index, status] of statuses.entries()) {
    const round = index + 1;
    await sql`insert into envelopes (digest, feed, round, bundle_json) values (${`d${round}`}, 'f', ${round}, '{}')`.execute(
      db,
    );
    await sql`insert into rounds (feed, round, envelope_digest, value_json, observed_at, issued_at, valid_until, mode, view_json)
      values ('f', ${round}, ${`d${round}`}, '{}', 1, 1, 1, 'LIVE', '{}')`.execute(db);
    await sql`insert into deliveries (id, feed, round, chain, contract, status, attempts, created_at, updated_at)
      values (${`f:${round}`}, 'f', ${round}, 'local', '0x01', ${status}, 1, ${round}, ${round})`.execute(
      db,
    );
  }
  const submit = async (round: number, nonce: number, hash: string, status: string) =>
    await sql`insert into evm_submissions (id, delivery_id, chain, signer, nonce, raw, hash, status, attempts, created_at, updated_at)
      values (${hash}, ${`f:${round}`}, 'local', '0xaa', ${nonce}, ${`raw of ${hash}`}, ${hash}, ${status}, 1, ${round}, ${round})`.execute(
      db,
    );
  return { db, submit, upgrade: () => migrate(db, all, "x") };
};

it("takes over what was signed: nonces, competitors and what may still land", async () => {
  const { db, submit, upgrade } = await oldDatabase(["final", "submitted", "failed", "prepared"]);
  await submit(1, 7, "0x1a", "open");
  await submit(1, 7, "0x1b", "landed");
  await submit(2, 8, "0x2a", "lost");
  await submit(2, 9, "0x2b", "open");
  await submit(2, 9, "0x2c", "open");
  await submit(3, 10, "0x3a", "open");
  await upgrade();
  const jobs = await db
    .selectFrom("evm_jobs")
    .select(["id", "delivery_id", "nonce", "state", "tx_hash"])
    .orderBy("id")
    .execute();
  expect(jobs.map(({ delivery_id, nonce, state }) => [delivery_id, nonce, state])).toEqual([
    ["f:1", 7, "done"],
    ["f:2", 8, "lost"],
    ["f:2", 9, "live"],
    ["f:3", 10, "done"],
  ]);
  expect(jobs[0]?.tx_hash).toBe("0x1b");
  const attempts = await db
    .selectFrom("evm_attempts")
    .innerJoin("evm_jobs", "evm_jobs.id", "evm_attempts.job_id")
    .select(["evm_jobs.nonce", "hash", "raw"])
    .orderBy("evm_attempts.id")
    .execute();
  expect(attempts.map(({ nonce, hash }) => [nonce, hash])).toEqual([
    [7, "0x1a"],
    [7, "0x1b"],
    [8, "0x2a"],
    [9, "0x2b"],
    [9, "0x2c"],
    [10, "0x3a"],
  ]);
  expect(attempts.every(({ raw, hash }) => raw === `raw of ${hash}`)).toBe(true);
  const accounts = await db.selectFrom("evm_accounts").selectAll().execute();
  expect(accounts).toEqual([{ chain: "local", signer: "0xaa", next_nonce: 11, checked_at: 0 }]);
});

it("lets no two transactions that may land share a nonce", async () => {
  const { db, upgrade } = await oldDatabase(["prepared"]);
  await upgrade();
  const insert = (state: "live" | "landed" | "done" | "lost" | "queued", nonce: number | null) =>
    sql`insert into evm_jobs (chain, signer, delivery_id, to_address, data, gas_limit, mode, nonce, state, created_at, updated_at)
      values ('local', '0xaa', null, '', '0x', '0', 'every', ${nonce}, ${state}, 1, 1)`.execute(db);
  await insert("queued", null);
  await insert("queued", null);
  await insert("lost", 3);
  await insert("done", 3);
  await insert("live", 3);
  await expect(insert("landed", 3)).rejects.toThrow(/constraint/i);
});
