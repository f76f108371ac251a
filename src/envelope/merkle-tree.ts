import { fabricError } from "../core/errors/fabric-error.ts";
import { bytesEqual, concatBytes } from "../crypto/bytes.ts";
import { SHA256_LENGTH, sha256Into } from "../crypto/hashes.ts";

/** A hash of 32 bytes, written to `target` at `offset`. */
export type HashInto = (bytes: Uint8Array, target: Uint8Array, offset: number) => void;

/** A Merkle tree over byte strings (RFC 6962 section 2.1), with SHA-256 or another hash of 32 bytes. */
export interface MerkleTree {
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** Sibling hashes from leaf to root. Throws `INCLUSION_PROOF_WRONG` for an index outside of the tree. */
  readonly proof: (index: number) => readonly Uint8Array[];
}

/** RFC 6962 tells leaves and nodes apart by their first byte, so that no node passes for a leaf. */
const LEAF = 0x00;
const NODE = 0x01;
const NODE_LENGTH = 1 + 2 * SHA256_LENGTH;

/** Hash of every leaf, one after the other. */
const hashLeaves = (leaves: readonly Uint8Array[], hashInto: HashInto): Uint8Array => {
  const level = new Uint8Array(leaves.length * SHA256_LENGTH);
  let scratch = new Uint8Array(1);
  for (const [index, leaf] of leaves.entries()) {
    if (scratch.length !== 1 + leaf.length) scratch = new Uint8Array(1 + leaf.length);
    scratch[0] = LEAF;
    scratch.set(leaf, 1);
    hashInto(scratch, level, index * SHA256_LENGTH);
  }
  return level;
};

/** Pairs of one level; a last node without partner moves up as it is, which gives RFC 6962's tree. */
const nextLevel = (level: Uint8Array, hashInto: HashInto): Uint8Array => {
  const nodes = level.length / SHA256_LENGTH;
  const parents = new Uint8Array(Math.ceil(nodes / 2) * SHA256_LENGTH);
  const scratch = new Uint8Array(NODE_LENGTH);
  scratch[0] = NODE;
  for (let pair = 0; pair < Math.floor(nodes / 2); pair++) {
    const at = 2 * pair * SHA256_LENGTH;
    scratch.set(level.subarray(at, at + 2 * SHA256_LENGTH), 1);
    hashInto(scratch, parents, pair * SHA256_LENGTH);
  }
  if (nodes % 2 === 1) parents.set(level.subarray(-SHA256_LENGTH), parents.length - SHA256_LENGTH);
  return parents;
};

const hashOf = (bytes: Uint8Array, hashInto: HashInto): Uint8Array => {
  const hash = new Uint8Array(SHA256_LENGTH);
  hashInto(bytes, hash, 0);
  return hash;
};

/** Hash every leaf once. The root of no leaves is the hash of nothing. */
export const createMerkleTree = (
  leaves: readonly Uint8Array[],
  hashInto: HashInto = sha256Into,
): MerkleTree => {
  const levels: Uint8Array[] = [];
  let top = hashLeaves(leaves, hashInto);
  while (top.length > SHA256_LENGTH) {
    levels.push(top);
    top = nextLevel(top, hashInto);
  }
  return {
    size: leaves.length,
    root: top.length === 0 ? hashOf(top, hashInto) : top,
    proof: (index) => {
      if (!Number.isSafeInteger(index) || index < 0 || index >= leaves.length)
        throw fabricError("INCLUSION_PROOF_WRONG", { index });
      return levels.flatMap((level, height) => {
        const at = (Math.floor(index / 2 ** height) ^ 1) * SHA256_LENGTH;
        return at < level.length ? [level.slice(at, at + SHA256_LENGTH)] : [];
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
  /** The tree's hash; SHA-256 when left out. */
  readonly hashInto?: HashInto;
}): void => {
  const { leaf, index, size, proof, root, hashInto = sha256Into } = claim;
  const hashNode = (left: Uint8Array, right: Uint8Array): Uint8Array =>
    hashOf(concatBytes(Uint8Array.of(NODE), left, right), hashInto);
  const refuse = () => fabricError("INCLUSION_PROOF_WRONG", { index });
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size)
    throw refuse();
  if (proof.some(({ length }) => length !== SHA256_LENGTH)) throw refuse();
  let node = index;
  let last = size - 1;
  let hash = hashLeaves([leaf], hashInto);
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
