import { fabricError } from "../core/errors/fabric-error.ts";
import { bytesEqual } from "../crypto/bytes.ts";
import { sha256 } from "../crypto/hashes.ts";

/** A Merkle tree over byte strings with SHA-256 (RFC 6962 section 2.1). */
export interface MerkleTree {
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** Sibling hashes from leaf to root. Throws `INCLUSION_PROOF_WRONG` for an index outside of the tree. */
  proof(index: number): readonly Uint8Array[];
}

/** RFC 6962 tells leaves and nodes apart by their first byte, so that no node passes for a leaf. */
const LEAF = 0x00;
const NODE = 0x01;
const HASH_LENGTH = 32;

const hashLeaf = (leaf: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(1 + leaf.length);
  bytes[0] = LEAF;
  bytes.set(leaf, 1);
  return sha256(bytes);
};

const hashNode = (left: Uint8Array, right: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(1 + 2 * HASH_LENGTH);
  bytes[0] = NODE;
  bytes.set(left, 1);
  bytes.set(right, 1 + HASH_LENGTH);
  return sha256(bytes);
};

/** Pairs of one level; a last node without partner moves up as it is, which gives RFC 6962's tree. */
const nextLevel = (level: readonly Uint8Array[]): readonly Uint8Array[] => {
  const parents: Uint8Array[] = [];
  for (let i = 0; i < level.length; i += 2) {
    const left = level[i] ?? new Uint8Array();
    const right = level[i + 1];
    parents.push(right ? hashNode(left, right) : left);
  }
  return parents;
};

/** Hash every leaf once. The root of no leaves is the hash of nothing. */
export const createMerkleTree = (leaves: readonly Uint8Array[]): MerkleTree => {
  const levels: (readonly Uint8Array[])[] = [leaves.map(hashLeaf)];
  for (let level = levels[0] ?? []; level.length > 1;) {
    level = nextLevel(level);
    levels.push(level);
  }
  return {
    size: leaves.length,
    root: levels.at(-1)?.[0] ?? sha256(new Uint8Array()),
    proof: (index) => {
      if (!Number.isSafeInteger(index) || index < 0 || index >= leaves.length)
        throw fabricError("INCLUSION_PROOF_WRONG", { index });
      return levels.slice(0, -1).flatMap((level, height) => {
        const sibling = level[Math.floor(index / 2 ** height) ^ 1];
        return sibling ? [sibling] : [];
      });
    },
  };
};

/**
 * Whether the leaf stands at `index` of the tree of `size` leaves under `root` (RFC 9162 section 2.1.3.2, which gives
 * the algorithm for RFC 6962's tree). The proof has exactly the length that index and size demand.
 * Throws `INCLUSION_PROOF_WRONG`.
 */
export const verifyInclusion = (claim: {
  readonly leaf: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}): void => {
  const { leaf, index, size, proof, root } = claim;
  const refuse = () => fabricError("INCLUSION_PROOF_WRONG", { index });
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size)
    throw refuse();
  if (proof.some(({ length }) => length !== HASH_LENGTH)) throw refuse();
  let node = index;
  let last = size - 1;
  let hash = hashLeaf(leaf);
  for (const sibling of proof) {
    if (last === 0) throw refuse();
    if (node % 2 === 1 || node === last) {
      hash = hashNode(sibling, hash);
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else hash = hashNode(hash, sibling);
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  if (last !== 0 || !bytesEqual(hash, root)) throw refuse();
};
