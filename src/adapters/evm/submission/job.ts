import type { Address, FeedId } from "../../../core/ids.ts";
import type { EvmJobState } from "../../../store/tables/evm-jobs.ts";

/** The call that a transaction makes. */
export interface JobCall {
  readonly to: Address;
  /** `0x` hex. */
  readonly data: string;
  readonly gasLimit: bigint;
}

/** One transaction of a job, as stored. */
export interface Attempt {
  readonly id: number;
  readonly kind: "call" | "cancel";
  /** Serialised without signature, `0x` hex. */
  readonly unsigned: string;
  /** Null until it is signed. */
  readonly raw: string | null;
  readonly hash: string | null;
}

/** Where an attempt landed. */
export interface Landing {
  readonly hash: string;
  readonly blockNumber: number;
  readonly blockHash: string;
}

/** What of the delivery a job needs; the row itself stays in the database. */
export interface JobDelivery {
  readonly id: string;
  readonly feed: FeedId;
  readonly round: number;
  /** As the binding names it; the call may go to another address. */
  readonly contract: string;
}

/** One call that is to be made once. Its stored part is written by the job store alone. */
export interface Job {
  readonly id: number;
  /** Null for a transfer of nothing that fills a gap. */
  readonly delivery: JobDelivery | null;
  readonly call: JobCall;
  readonly mode: "every" | "latest";
  readonly state: EvmJobState;
  readonly nonce: number | null;
  /** Oldest first; all compete for the nonce. */
  readonly attempts: readonly Attempt[];
  readonly landing: Landing | null;
}

/** The attempt that is sent: the newest that is signed. */
export const newestSigned = (job: Job): (Attempt & { raw: string; hash: string }) | null => {
  for (const attempt of job.attempts.toReversed()) {
    const { raw, hash } = attempt;
    if (raw !== null && hash !== null) return { ...attempt, raw, hash };
  }
  return null;
};

/** Every hash that may land under the job's nonce. */
export const hashesOf = (job: Job): readonly string[] =>
  job.attempts.flatMap(({ hash }) => (hash === null ? [] : [hash]));

/** In the order in which the nonces must be: rounds of one contract ascend, whatever was queued when. */
export const byRound = (a: Job, b: Job): number =>
  (a.delivery?.round ?? 0) - (b.delivery?.round ?? 0) || a.id - b.id;
