import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createMerkleTree, verifyInclusion } from "./merkle-tree.ts";

const hash = (...parts: readonly Uint8Array[]) =>
  createHash("sha256").update(Buffer.concat(parts)).digest();

/** RFC 6962 section 2.1, written as the RFC writes it: split at the largest power of two below n. */
const rootByTheBook = (leaves: readonly Uint8Array[]): Uint8Array => {
  const [leaf] = leaves;
  if (!leaf) return hash();
  if (leaves.length === 1) return hash(Uint8Array.of(0), leaf);
  let k = 1;
  while (2 * k < leaves.length) k *= 2;
  return hash(Uint8Array.of(1), rootByTheBook(leaves.slice(0, k)), rootByTheBook(leaves.slice(k)));
};

const leaves = fc.array(fc.uint8Array({ maxLength: 70 }), { minLength: 1, maxLength: 70 });
const refused = expect.objectContaining({ code: "INCLUSION_PROOF_WRONG" });

test("the root is RFC 6962's", () => {
  fc.assert(
    fc.property(leaves, (list) => {
      expect(Buffer.from(createMerkleTree(list).root)).toEqual(Buffer.from(rootByTheBook(list)));
    }),
  );
  expect(Buffer.from(createMerkleTree([]).root)).toEqual(Buffer.from(rootByTheBook([])));
});

test("every leaf has a proof, of at most log2 n hashes", () => {
  fc.assert(
    fc.property(leaves, (list) => {
      const { root, size, proof } = createMerkleTree(list);
      for (const [index, leaf] of list.entries()) {
        const path = proof(index);
        expect(path.length).toBeLessThanOrEqual(Math.ceil(Math.log2(size)));
        expect(() => verifyInclusion({ leaf, index, size, proof: path, root })).not.toThrow();
      }
    }),
    { numRuns: 40 },
  );
});

describe("a proof is refused", () => {
  const list = Array.from({ length: 11 }, (_, index) => Uint8Array.of(index));
  const { root, size, proof } = createMerkleTree(list);
  const claim = (index: number) => ({
    leaf: list[index] ?? new Uint8Array(),
    index,
    size,
    proof: proof(index),
    root,
  });

  test("for every other leaf, index and size", () => {
    for (let index = 0; index < size; index++)
      for (let other = 0; other < size + 2; other++) {
        if (other === index) continue;
        expect(() => verifyInclusion({ ...claim(index), index: other })).toThrow(refused);
        expect(() => verifyInclusion({ ...claim(index), leaf: Uint8Array.of(other) })).toThrow(
          refused,
        );
      }
  });

  test("when it is longer, shorter or changed", () => {
    for (let index = 0; index < size; index++) {
      const path = proof(index);
      const wrong = [
        path.slice(1),
        path.slice(0, -1),
        [...path, new Uint8Array(32)],
        path.map((sibling) => sibling.slice(1)),
        path.toReversed(),
        path.map((sibling) => sibling.map((byte) => byte ^ 1)),
      ].filter((each) => Buffer.compare(Buffer.concat(each), Buffer.concat(path)) !== 0);
      for (const each of wrong)
        expect(() => verifyInclusion({ ...claim(index), proof: each })).toThrow(refused);
    }
  });

  test("when a node is passed off as a leaf", () => {
    const left = createMerkleTree(list.slice(0, 8));
    const right = createMerkleTree(list.slice(8));
    const node = Buffer.concat([left.root, right.root]);
    expect(() => verifyInclusion({ leaf: node, index: 0, size: 1, proof: [], root })).toThrow(
      refused,
    );
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 60])("for index %d", (index) => {
    expect(() => verifyInclusion({ ...claim(0), index })).toThrow(refused);
    expect(() => proof(index)).toThrow(refused);
  });

  test.each([0, -1, Number.NaN])("for size %d", (wrong) => {
    expect(() => verifyInclusion({ ...claim(0), size: wrong })).toThrow(refused);
  });
});

test("one leaf is its own tree", () => {
  const { root, proof } = createMerkleTree([Uint8Array.of(7)]);
  expect(proof(0)).toEqual([]);
  expect(() =>
    verifyInclusion({ leaf: Uint8Array.of(7), index: 0, size: 1, proof: [], root }),
  ).not.toThrow();
});
