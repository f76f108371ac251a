import { fabricError } from "../core/errors/fabric-error.ts";
import { bytesEqual, concatBytes } from "../crypto/bytes.ts";
import { SHA256_LENGTH, sha256 } from "../crypto/hashes.ts";

/** RFC 6962 section 2.1: a leaf and a node begin with different bytes, so that no node passes for a leaf. */
const LEAF = Uint8Array.of(0x00);
const NODE = Uint8Array.of(0x01);
const encoder = new TextEncoder();

const hashNode = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  sha256(concatBytes(NODE, left, right));

/** Hash of a leaf's text. */
export const hashLeaf = (leaf: string): Uint8Array =>
  sha256(concatBytes(LEAF, encoder.encode(leaf)));

/**
 * An append-only Merkle tree (RFC 6962 section 2.1) that keeps every whole subtree, 64 bytes per leaf, so that roots and
 * proofs of every earlier size cost a logarithm. `createMerkleTree` of the envelopes hashes a finished list once.
 */
export interface LogTree {
  readonly size: number;
  /** Adds the hash of a leaf. */
  append(hash: Uint8Array): void;
  /** Root of the first `size` leaves. Throws `LOG_RANGE_INVALID`. */
  rootAt(size: number): Uint8Array;
  /** Throws `LOG_RANGE_INVALID`. */
  inclusionProof(position: number, size: number): readonly Uint8Array[];
  /** Throws `LOG_RANGE_INVALID`. */
  consistencyProof(from: number, to: number): readonly Uint8Array[];
  /** A tree of its own with the same leaves. */
  fork(): LogTree;
}

/** Largest power of two below `size`, which is 2 or more. */
const splitOf = (size: number): number => 2 ** Math.ceil(Math.log2(size) - 1);

/** How often a number above 0 can be halved. */
const trailingZeros = (value: number): number => {
  let rest = value;
  let count = 0;
  for (; rest % 2 === 0; rest /= 2) count++;
  return count;
};

const refuse = (reason: string) => fabricError("LOG_RANGE_INVALID", { reason });

/** @see LogTree */
export const createLogTree = (given: readonly (readonly Uint8Array[])[] = []): LogTree => {
  /** `levels[h][i]` is the root of the leaves from `i * 2^h` up to `(i + 1) * 2^h`. */
  const levels: Uint8Array[][] = given.map((level) => [...level]);
  const sizeNow = () => levels[0]?.length ?? 0;
  const check = (size: number) => {
    if (!Number.isSafeInteger(size) || size < 0 || size > sizeNow())
      throw refuse(`a log of ${sizeNow()} entries has no tree of ${size}`);
  };
  /** Root of `count` leaves from `start`; `start` is a multiple of the smallest power of two that is at least `count`. */
  const rangeRoot = (start: number, count: number): Uint8Array => {
    const whole = levels[Math.log2(count)]?.[start / count];
    if (whole) return whole;
    const left = splitOf(count);
    return hashNode(rangeRoot(start, left), rangeRoot(start + left, count - left));
  };
  const rootAt = (size: number): Uint8Array => {
    check(size);
    return size === 0 ? sha256(new Uint8Array()) : rangeRoot(0, size);
  };
  const path = (position: number, start: number, count: number): Uint8Array[] => {
    if (count === 1) return [];
    const left = splitOf(count);
    return position < left
      ? [...path(position, start, left), rangeRoot(start + left, count - left)]
      : [...path(position - left, start + left, count - left), rangeRoot(start, left)];
  };
  /** RFC 6962 section 2.1.2; `known`: the verifier has the root of this very part. */
  const subproof = (from: number, start: number, count: number, known: boolean): Uint8Array[] => {
    if (from === count) return known ? [] : [rangeRoot(start, count)];
    const left = splitOf(count);
    return from <= left
      ? [...subproof(from, start, left, known), rangeRoot(start + left, count - left)]
      : [...subproof(from - left, start + left, count - left, false), rangeRoot(start, left)];
  };
  return {
    get size() {
      return sizeNow();
    },
    append: (hash) => {
      let carried = hash;
      for (let height = 0; ; height++) {
        const level = (levels[height] ??= []);
        level.push(carried);
        const left = level[level.length - 2];
        if (level.length % 2 === 1 || !left) return;
        carried = hashNode(left, carried);
      }
    },
    rootAt,
    inclusionProof: (position, size) => {
      check(size);
      if (!Number.isSafeInteger(position) || position < 0 || position >= size)
        throw refuse(`a tree of ${size} has no entry ${position}`);
      return path(position, 0, size);
    },
    consistencyProof: (from, to) => {
      check(from);
      check(to);
      if (from > to) throw refuse(`${from} is behind ${to}`);
      return from === 0 || from === to ? [] : subproof(from, 0, to, true);
    },
    fork: () => createLogTree(levels),
  };
};

/**
 * Whether the tree of `to` under `toRoot` continues the tree of `from` under `fromRoot` (RFC 9162 section 2.1.4.2).
 * Throws `CONSISTENCY_PROOF_WRONG`: then the log shows another past than it showed before.
 */
export const verifyConsistency = (claim: {
  readonly from: number;
  readonly fromRoot: Uint8Array;
  readonly to: number;
  readonly toRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}): void => {
  const { from, fromRoot, to, toRoot, proof } = claim;
  const wrong = () => fabricError("CONSISTENCY_PROOF_WRONG", { from, to });
  if (![from, to].every((size) => Number.isSafeInteger(size) && size >= 0) || from > to)
    throw wrong();
  if (proof.some(({ length }) => length !== SHA256_LENGTH)) throw wrong();
  if (from === to || from === 0) {
    const same = from === 0 ? sha256(new Uint8Array()) : toRoot;
    if (proof.length > 0 || !bytesEqual(fromRoot, same)) throw wrong();
    return;
  }
  // A tree of a power of two is its own first subtree, and its root is left out of the proof.
  const [first, ...rest] = Number.isInteger(Math.log2(from)) ? [fromRoot, ...proof] : proof;
  if (!first) throw wrong();
  // What is right of the earlier tree's last whole subtree is no part of it.
  const skipped = from % 2 === 0 ? trailingZeros(from) : 0;
  let node = Math.floor((from - 1) / 2 ** skipped);
  let last = Math.floor((to - 1) / 2 ** skipped);
  let early = first;
  let late = first;
  for (const sibling of rest) {
    if (last === 0) throw wrong();
    let height = 1;
    if (node % 2 === 1 || node === last) {
      early = hashNode(sibling, early);
      late = hashNode(sibling, late);
      if (node % 2 === 0 && node !== 0) height += trailingZeros(node);
    } else late = hashNode(late, sibling);
    node = Math.floor(node / 2 ** height);
    last = Math.floor(last / 2 ** height);
  }
  if (last !== 0 || !bytesEqual(early, fromRoot) || !bytesEqual(late, toRoot)) throw wrong();
};
