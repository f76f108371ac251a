import { Transaction } from "ethers";
import type { Selectable } from "kysely";
import { addressSchema, type Address, type ChainName, type FeedId } from "../../../core/ids.ts";
import type { Database } from "../../../store/database.ts";
import type { Executor } from "../../../store/store.ts";
import type { Attempt, Job, JobCall } from "./job.ts";

type JobRow = Selectable<Database["evm_jobs"]> & {
  readonly feed: string | null;
  readonly round: number | null;
  readonly contract: string | null;
};

/** A job from before there were jobs has its call in its transaction alone. */
const readCall = (row: JobRow, attempts: readonly Attempt[]): JobCall => {
  if (row.to_address !== "")
    return {
      to: addressSchema.parse(row.to_address),
      data: row.data,
      gasLimit: BigInt(row.gas_limit),
    };
  const { to, data, gasLimit } = Transaction.from(attempts.at(-1)?.raw ?? "");
  return { to: addressSchema.parse(to?.toLowerCase()), data, gasLimit };
};

const readJob = (row: JobRow, attempts: readonly Attempt[]): Job => ({
  id: row.id,
  delivery:
    row.delivery_id === null || row.feed === null
      ? null
      : {
          id: row.delivery_id,
          feed: row.feed as FeedId,
          round: row.round ?? 0,
          contract: row.contract ?? "",
        },
  call: readCall(row, attempts),
  mode: row.mode,
  state: row.state,
  nonce: row.nonce,
  attempts,
  landing:
    row.tx_hash === null || row.block_number === null || row.block_hash === null
      ? null
      : { hash: row.tx_hash, blockNumber: row.block_number, blockHash: row.block_hash },
});

/** Jobs of one account, with what their deliveries say. */
export const selectJobs = (db: Executor, chain: ChainName, signer: Address) =>
  db
    .selectFrom("evm_jobs")
    .leftJoin("deliveries", "deliveries.id", "evm_jobs.delivery_id")
    .selectAll("evm_jobs")
    .select(["deliveries.feed", "deliveries.round", "deliveries.contract"])
    .where("evm_jobs.chain", "=", chain)
    .where("evm_jobs.signer", "=", signer);

/** Queries with more parameters than this are refused by some databases. */
const PAGE = 500;

/** The same with their transactions, oldest first. */
export const withAttempts = async (
  db: Executor,
  rows: readonly JobRow[],
): Promise<readonly Job[]> => {
  const byJob = new Map<number, Attempt[]>();
  for (let from = 0; from < rows.length; from += PAGE) {
    const ids = rows.slice(from, from + PAGE).map(({ id }) => id);
    const found = await db
      .selectFrom("evm_attempts")
      .selectAll()
      .where("job_id", "in", ids)
      .orderBy("id")
      .execute();
    for (const { job_id, id, kind, unsigned, raw, hash } of found) {
      const attempts = byJob.get(job_id) ?? [];
      attempts.push({ id, kind, unsigned, raw, hash });
      byJob.set(job_id, attempts);
    }
  }
  return rows.map((row) => readJob(row, byJob.get(row.id) ?? []));
};
