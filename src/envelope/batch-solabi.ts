import { fabricError } from "../core/errors/fabric-error.ts";
import { digestHex, type Digest, type FeedHash } from "../core/ids.ts";
import { bytesToPrefixedHex, concatBytes, hexToBytes, writeHex } from "../crypto/bytes.ts";
import { keccak256, keccak256Into } from "../crypto/hashes.ts";
import {
  encodePackedWords,
  encodeStoredItems,
  packedWordsOf,
  storedItemsOf,
} from "./batch-encoding.ts";
import { readBatchMembers, type BatchMember } from "./batch-members.ts";
import { createMerkleTree, type MerkleTree } from "./merkle-tree.ts";
import type { Observation } from "./observation.ts";
import { encodeOnchainObservation } from "./observation-solabi.ts";

/** DSSE payload type of the fixed-length ABI tuple that a batch contract checks. */
export const BATCH_SOLABI_TYPE = "application/vnd.cryptlet.observation-batch.v1+solabi";

/**
 * What a contract checks of a batch. Standard ABI encoding of
 * `(bytes32 batchHash, uint64 round, uint64 issuedAt, uint64 validUntil, bytes32 content)`.
 */
export interface OnchainBatch {
  /** Name of the batch, which its members are under: `computeBatchHash`. */
  readonly batchHash: FeedHash;
  /** 1 to 2^32 - 1. */
  readonly round: number;
  /** Seconds since epoch: what batches are ordered by. Each member's own times stand in its leaf. */
  readonly issuedAt: number;
  /** Seconds since epoch: of the listed member that runs out first. */
  readonly validUntil: number;
  /** `contentOf`: `0x` hex. */
  readonly content: string;
}

/** What `content` is the hash of, each 32 bytes as `0x` hex. */
export interface BatchContent {
  /** Of all members in their order, see `batchTreeOf`. */
  readonly root: string;
  /** keccak-256 of `encodeStoredItems`. */
  readonly storedHash: string;
  /** keccak-256 of `encodePackedWords`. */
  readonly packedHash: string;
  /** SHA-256 of the JSON payload: both forms are one fact. Nobody knows it before the enclave has signed. */
  readonly statementDigest: Digest;
}

/** Five words of 32 bytes. */
export const BATCH_SOLABI_LENGTH = 160;

const MAX_ROUND = 0xffff_ffff;
/** The year 9999. */
const MAX_SECONDS = 253_402_300_799;

const refuse = (reason: string): never => {
  throw fabricError("STATEMENT_MALFORMED", { reason });
};

/** A member as a leaf: its signed 192 bytes, or its name alone (32 bytes) while it has no observation. */
export const batchLeafOf = ({ feedHash, observation }: BatchMember): Uint8Array =>
  observation ? encodeOnchainObservation(observation) : hexToBytes(feedHash, 32);

/** RFC 6962's tree with keccak-256 over all members: a member's place is its leaf's index in every round. */
export const batchTreeOf = (members: readonly BatchMember[]): MerkleTree =>
  createMerkleTree(members.map(batchLeafOf), keccak256Into);

/** What a batch of these members commits to. */
export const batchContentOf = (
  members: readonly BatchMember[],
  statementDigest: Digest,
): BatchContent => ({
  root: bytesToPrefixedHex(batchTreeOf(members).root),
  storedHash: bytesToPrefixedHex(keccak256(encodeStoredItems(storedItemsOf(members)))),
  packedHash: bytesToPrefixedHex(keccak256(encodePackedWords(packedWordsOf(members)))),
  statementDigest,
});

/** `keccak256(abi.encode(root, storedHash, packedHash, statementDigest))`, `0x` hex. */
export const contentOf = (content: BatchContent): string =>
  bytesToPrefixedHex(
    keccak256(
      concatBytes(
        hexToBytes(content.root, 32),
        hexToBytes(content.storedHash, 32),
        hexToBytes(content.packedHash, 32),
        hexToBytes(digestHex(content.statementDigest), 32),
      ),
    ),
  );

/** The on-chain form of a batch statement. Throws `STATEMENT_MALFORMED`. */
export const toOnchainBatch = (observation: Observation, statementDigest: Digest): OnchainBatch => {
  const members = readBatchMembers(observation);
  return {
    batchHash: observation.subject.feedHash,
    round: observation.subject.round,
    issuedAt: Math.floor(observation.issuedAt / 1_000),
    validUntil: Math.floor(observation.validUntil / 1_000),
    content: contentOf(batchContentOf(members, statementDigest)),
  };
};

const checkNumber = (value: number, max: number, field: string): number =>
  Number.isSafeInteger(value) && value >= 0 && value <= max ? value : refuse(`${field} is wrong`);

/** The 160 bytes that are signed for contracts. Throws `STATEMENT_MALFORMED`, `HEX_INVALID`. */
export const encodeOnchainBatch = (batch: OnchainBatch): Uint8Array => {
  const bytes = new Uint8Array(BATCH_SOLABI_LENGTH);
  const view = new DataView(bytes.buffer);
  const putNumber = (number: number, offset: number): void =>
    view.setBigUint64(offset + 24, BigInt(number));
  writeHex(batch.batchHash, bytes, 0, 32);
  putNumber(checkNumber(batch.round, MAX_ROUND, "round"), 32);
  putNumber(checkNumber(batch.issuedAt, MAX_SECONDS, "issuedAt"), 64);
  putNumber(checkNumber(batch.validUntil, MAX_SECONDS, "validUntil"), 96);
  writeHex(batch.content, bytes, 128, 32);
  return bytes;
};

/** Read the tuple after its signature held. Throws `STATEMENT_MALFORMED`. */
export const decodeOnchainBatch = (bytes: Uint8Array): OnchainBatch => {
  if (bytes.length !== BATCH_SOLABI_LENGTH) return refuse(`it has ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const takeNumber = (offset: number, max: number, field: string): number => {
    for (let at = offset; at < offset + 24; at += 8)
      if (view.getBigUint64(at) !== 0n) return refuse(`${field} is too large`);
    return checkNumber(Number(view.getBigUint64(offset + 24)), max, field);
  };
  return {
    batchHash: bytesToPrefixedHex(bytes.subarray(0, 32)) as FeedHash,
    round: takeNumber(32, MAX_ROUND, "round"),
    issuedAt: takeNumber(64, MAX_SECONDS, "issuedAt"),
    validUntil: takeNumber(96, MAX_SECONDS, "validUntil"),
    content: bytesToPrefixedHex(bytes.subarray(128)),
  };
};

/**
 * Both forms of a batch must state one fact, field by field; gives the number of members. Throws `FORMS_DISAGREE`,
 * `STATEMENT_MALFORMED`.
 */
export const checkBatchAgrees = (
  observation: Observation,
  statementDigest: Digest,
  payload: Uint8Array,
): number => {
  const onchain = decodeOnchainBatch(payload);
  const expected = toOnchainBatch(observation, statementDigest);
  for (const field of Object.keys(expected) as (keyof OnchainBatch)[])
    if (expected[field] !== onchain[field]) throw fabricError("FORMS_DISAGREE", { field });
  return readBatchMembers(observation).length;
};
