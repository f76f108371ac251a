import type { Generated } from "kysely";

/**
 * `queued` has no nonce yet; `live` holds one and may land; `landed` is in a block that is not deep enough; `done` has
 * ended; `lost` can no longer land under its nonce, or gave it back.
 */
export type EvmJobState = "queued" | "live" | "landed" | "done" | "lost";

/** One call that is to be made exactly once, and the nonce it has. Owned by `src/adapters/evm`. */
export interface EvmJobTable {
  /** Grows in the order in which nonces are given. */
  id: Generated<number>;
  chain: string;
  signer: string;
  /** Null for a transfer of nothing that fills a gap. */
  delivery_id: string | null;
  /** Account that is called; empty for a job from before there were jobs: its transaction says it. */
  to_address: string;
  /** `0x` hex. */
  data: string;
  /** Integer text. */
  gas_limit: string;
  mode: "every" | "latest";
  nonce: number | null;
  state: EvmJobState;
  /** Of the attempt that landed. */
  tx_hash: string | null;
  block_number: number | null;
  block_hash: string | null;
  created_at: number;
  updated_at: number;
}

/** Which nonce an account gives next. Owned by `src/adapters/evm`. */
export interface EvmAccountTable {
  chain: string;
  signer: string;
  next_nonce: number;
  /** When it was last compared with the chain; 0 for never. */
  checked_at: number;
}

/** One transaction of a job: all of a nonce's attempts compete, and at most one lands. */
export interface EvmAttemptTable {
  id: Generated<number>;
  job_id: number;
  /** `cancel` carries a transfer of nothing instead of the job's call. */
  kind: "call" | "cancel";
  /** Every field before the signature: the serialised unsigned transaction, `0x` hex. */
  unsigned: string;
  /** Signed bytes, `0x` hex; null between the reservation and the signature. */
  raw: string | null;
  hash: string | null;
  created_at: number;
}
