import type { Digest, FeedHash, FeedId } from "../../src/core/ids.ts";
import type { DsseEnvelope } from "../../src/envelope/dsse.ts";
import type { SignRequest } from "./enclave.ts";

/** A batch of the fabric that a loaded Cryptlet signs: some of its own feeds under one signature. */
export interface ServedBatch {
  readonly feed: FeedId;
  /** Must be `computeBatchHash` of fabric, Cryptlet, `feed` and the members; the enclave computes it again. */
  readonly batchHash: FeedHash;
  /** Feeds that this Cryptlet serves, in the order of their places. */
  readonly members: readonly FeedId[];
  /** Newest round that the host has in its records: the enclave signs later ones only. 0 when left out. */
  readonly lastRound?: number;
}

/** A member's newest round as the host has it: both forms, as the enclave signed them. */
export interface BatchItem {
  readonly envelope: DsseEnvelope;
  readonly onchain: DsseEnvelope;
  /** Write its value out for contracts that store it. */
  readonly listed: boolean;
}

/** What the host asks to be signed. The enclave takes nothing of it on trust: each item carries its own signatures. */
export interface BatchRequest {
  readonly sign: Omit<SignRequest, "items">;
  /** Idempotency key of what started it. */
  readonly trigger: string;
  /** One for each member, in their order; null for one that has no round yet. */
  readonly items: readonly (BatchItem | null)[];
}

/** A request as the book of rounds keeps it: the items as the digest of their signed parts. */
export const noteBatchRequest = (request: BatchRequest, items: Digest): SignRequest => ({
  ...request.sign,
  items,
});
