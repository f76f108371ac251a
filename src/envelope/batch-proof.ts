import { z } from "zod";
import { fabricError } from "../core/errors/fabric-error.ts";
import {
  digestSchema,
  feedHashSchema,
  type Digest,
  type FeedHash,
  type FeedId,
} from "../core/ids.ts";
import { bytesToPrefixedHex, hexToBytes } from "../crypto/bytes.ts";
import { keccak256Into } from "../crypto/hashes.ts";
import {
  batchContentOf,
  batchLeafOf,
  batchTreeOf,
  contentOf,
  toOnchainBatch,
} from "./batch-solabi.ts";
import { MAX_BATCH_MEMBERS, readBatchMembers } from "./batch-members.ts";
import { verifyInclusion } from "./merkle-tree.ts";
import type { Observation } from "./observation.ts";
import { decodeOnchainObservation, type OnchainObservation } from "./observation-solabi.ts";

const word = z.string().regex(/^0x[0-9a-f]{64}$/, "0x and 64 lower-case hex characters");
const time = z.int().min(0).max(253_402_300_799);

/** What a reader of one member needs beside the batch that the chain or a bundle holds. */
export const batchProofSchema = z.strictObject({
  batchHash: feedHashSchema,
  round: z.int().min(1).max(0xffff_ffff),
  /** Seconds since epoch. */
  issuedAt: time,
  validUntil: time,
  root: word,
  storedHash: word,
  packedHash: word,
  statementDigest: digestSchema,
  feedHash: feedHashSchema,
  /** Of the member. */
  place: z
    .int()
    .min(0)
    .max(MAX_BATCH_MEMBERS - 1),
  /** Members of the batch. */
  size: z.int().min(1).max(MAX_BATCH_MEMBERS),
  /** The member's leaf, `0x` hex: 192 bytes of an observation, or its feed hash: it has none. */
  leaf: z.string().regex(/^0x(?:[0-9a-f]{64}|[0-9a-f]{384})$/, "a leaf of 32 or 192 bytes"),
  /** Siblings from leaf to root. */
  path: z.array(word).max(8),
});

/** @see batchProofSchema */
export type BatchProof = z.infer<typeof batchProofSchema>;

/**
 * Proof for one member of a verified batch. Throws `BATCH_MEMBER_UNKNOWN`, `STATEMENT_MALFORMED`.
 * @example
 * ```ts
 * const proof = proveBatchMember(observation, statementDigest, "xau-usd");
 * verifyBatchProof(proof, tuple); // the observation, or null
 * ```
 */
export const proveBatchMember = (
  observation: Observation,
  statementDigest: Digest,
  feed: FeedId,
): BatchProof => {
  const members = readBatchMembers(observation);
  const place = members.findIndex((member) => member.feed === feed);
  const member = members[place];
  if (!member) throw fabricError("BATCH_MEMBER_UNKNOWN", { batch: observation.subject.feed, feed });
  const { batchHash, round, issuedAt, validUntil } = toOnchainBatch(observation, statementDigest);
  return {
    batchHash,
    round,
    issuedAt,
    validUntil,
    ...batchContentOf(members, statementDigest),
    feedHash: member.feedHash,
    place,
    size: members.length,
    leaf: bytesToPrefixedHex(batchLeafOf(member)),
    path: batchTreeOf(members).proof(place).map(bytesToPrefixedHex),
  };
};

/** The batch that a proof is held against: a verified tuple, or what a contract was read to hold. */
export interface KnownBatch {
  readonly batchHash: FeedHash;
  readonly issuedAt: number;
  /** `0x` hex, 32 bytes. */
  readonly content: string;
}

/**
 * What a member says in a batch that the caller verified; null when it had no observation then. Neither freshness nor
 * which batch is the newest is judged here. Throws `INCLUSION_PROOF_WRONG`, `STATEMENT_MALFORMED`.
 */
export const verifyBatchProof = (
  proof: BatchProof,
  batch: KnownBatch,
): OnchainObservation | null => {
  const refuse = () => fabricError("INCLUSION_PROOF_WRONG", { index: proof.place });
  if (proof.batchHash !== batch.batchHash || proof.issuedAt !== batch.issuedAt) throw refuse();
  if (contentOf(proof) !== batch.content.toLowerCase()) throw refuse();
  const leaf = hexToBytes(proof.leaf);
  verifyInclusion({
    leaf,
    index: proof.place,
    size: proof.size,
    proof: proof.path.map((sibling) => hexToBytes(sibling, 32)),
    root: hexToBytes(proof.root, 32),
    hashInto: keccak256Into,
  });
  if (leaf.length === 32) {
    if (proof.leaf !== proof.feedHash) throw refuse();
    return null;
  }
  const observation = decodeOnchainObservation(leaf);
  if (observation.feedHash !== proof.feedHash) throw refuse();
  return observation;
};
