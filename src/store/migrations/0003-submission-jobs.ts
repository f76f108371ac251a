import { type Kysely, type Migration, sql } from "kysely";
import type { ColumnTypes } from "../columns.ts";

/**
 * Sub-status of deliveries; jobs with nonces and their competing transactions instead of bare submissions, which are
 * taken over: what was open stays open under its nonce.
 */
export const submissionJobs = ({ sequence }: ColumnTypes): Migration => ({
  up: async (db: Kysely<unknown>) => {
    await db.schema.alterTable("deliveries").addColumn("sub_status", "text").execute();
    await db.schema.alterTable("delivery_events").addColumn("sub_status", "text").execute();
    // Workers ask for the oldest open rounds again and again, in front of any number that have ended.
    await sql`create index deliveries_open on deliveries (chain, round, id)
      where status in ('prepared', 'submitted', 'included')`.execute(db);
    await db.schema
      .createTable("evm_jobs")
      .addColumn("id", sequence.type, sequence.build)
      .addColumn("chain", "text", (column) => column.notNull())
      .addColumn("signer", "text", (column) => column.notNull())
      .addColumn("delivery_id", "text", (column) => column.references("deliveries.id"))
      .addColumn("to_address", "text", (column) => column.notNull())
      .addColumn("data", "text", (column) => column.notNull())
      .addColumn("gas_limit", "text", (column) => column.notNull())
      .addColumn("mode", "text", (column) => column.notNull())
      .addColumn("nonce", "bigint")
      .addColumn("state", "text", (column) => column.notNull())
      .addColumn("tx_hash", "text")
      .addColumn("block_number", "bigint")
      .addColumn("block_hash", "text")
      .addColumn("created_at", "bigint", (column) => column.notNull())
      .addColumn("updated_at", "bigint", (column) => column.notNull())
      .execute();
    await db.schema
      .createTable("evm_attempts")
      .addColumn("id", sequence.type, sequence.build)
      .addColumn("job_id", "bigint", (column) => column.notNull().references("evm_jobs.id"))
      .addColumn("kind", "text", (column) => column.notNull())
      .addColumn("unsigned", "text", (column) => column.notNull())
      .addColumn("raw", "text")
      .addColumn("hash", "text")
      .addColumn("created_at", "bigint", (column) => column.notNull())
      .execute();
    await db.schema
      .createTable("evm_accounts")
      .addColumn("chain", "text", (column) => column.notNull())
      .addColumn("signer", "text", (column) => column.notNull())
      .addColumn("next_nonce", "bigint", (column) => column.notNull())
      .addColumn("checked_at", "bigint", (column) => column.notNull())
      .addPrimaryKeyConstraint("evm_accounts_key", ["chain", "signer"])
      .execute();
    await takeOver(db);
    await db.schema.dropTable("evm_submissions").execute();
    // Two transactions that may land never share a nonce, whoever wrote them.
    await sql`create unique index evm_jobs_nonce on evm_jobs (chain, signer, nonce)
      where state in ('live', 'landed')`.execute(db);
    await sql`create index evm_jobs_open on evm_jobs (chain, signer, state, id)`.execute(db);
    await sql`create index evm_jobs_delivery on evm_jobs (delivery_id)`.execute(db);
    await sql`create index evm_attempts_job on evm_attempts (job_id)`.execute(db);
    await sql`create unique index evm_attempts_hash on evm_attempts (hash) where hash is not null`.execute(
      db,
    );
  },
});

const takeOver = async (db: Kysely<unknown>): Promise<void> => {
  // A nonce whose transaction landed, or whose delivery has ended, is done; what else was open may still land.
  await sql`insert into evm_jobs
      (chain, signer, delivery_id, to_address, data, gas_limit, mode, nonce, state, tx_hash, block_number, block_hash, created_at, updated_at)
    select s.chain, s.signer, s.delivery_id, '', '0x', '0', 'every', s.nonce,
      case
        when sum(case when s.status = 'landed' then 1 else 0 end) > 0 then 'done'
        when sum(case when s.status = 'lost' then 0 else 1 end) = 0 then 'lost'
        when d.status in ('final', 'superseded', 'failed') then 'done'
        else 'live'
      end,
      max(case when s.status = 'landed' then s.hash end), null, null, min(s.created_at), max(s.updated_at)
    from evm_submissions s left join deliveries d on d.id = s.delivery_id
    group by s.chain, s.signer, s.nonce, s.delivery_id, case when s.status = 'lost' then 1 else 0 end, d.status
    order by min(s.created_at), s.nonce`.execute(db);
  await sql`insert into evm_attempts (job_id, kind, unsigned, raw, hash, created_at)
    select j.id, 'call', '', s.raw, s.hash, s.created_at
    from evm_submissions s join evm_jobs j
      on j.chain = s.chain and j.signer = s.signer and j.nonce = s.nonce
      and j.delivery_id is not distinct from s.delivery_id
      and case when j.state = 'lost' then 1 else 0 end = case when s.status = 'lost' then 1 else 0 end
    order by s.created_at, s.attempts`.execute(db);
  await sql`insert into evm_accounts (chain, signer, next_nonce, checked_at)
    select chain, signer, max(nonce) + 1, 0 from evm_submissions where status <> 'lost'
    group by chain, signer`.execute(db);
};
