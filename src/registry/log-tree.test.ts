import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../test/support/code-of.ts";
import { bytesToHex } from "../crypto/bytes.ts";
import { createMerkleTree, verifyInclusion } from "../envelope/merkle-tree.ts";
import { createLogTree, hashLeaf, verifyConsistency, type LogTree } from "./log-tree.ts";

const encoder = new TextEncoder();
const leafOf = (index: number) => `leaf ${index}`;
const treeOf = (size: number): LogTree => {
  const tree = createLogTree();
  for (let index = 0; index < size; index++) tree.append(hashLeaf(leafOf(index)));
  return tree;
};
/** The same tree by the envelopes' own code, which has no proofs of earlier sizes. */
const peerOf = (size: number) =>
  createMerkleTree(Array.from({ length: size }, (_, index) => encoder.encode(leafOf(index))));
const size = fc.integer({ min: 1, max: 70 });
const flip = (bytes: Uint8Array) => bytes.with(0, (bytes[0] ?? 0) ^ 1);

describe("the log's tree", () => {
  it("has at every size the root that a tree built at once has", () => {
    const tree = treeOf(70);
    for (let count = 0; count <= 70; count++)
      expect(bytesToHex(tree.rootAt(count))).toBe(bytesToHex(peerOf(count).root));
  });

  it("proves every entry at every size, and no entry with another's proof", () => {
    const tree = treeOf(40);
    for (let count = 1; count <= 40; count++)
      for (let index = 0; index < count; index++) {
        const proof = tree.inclusionProof(index, count);
        expect(proof).toEqual(peerOf(count).proof(index));
        const claim = { index, size: count, proof, root: tree.rootAt(count) };
        verifyInclusion({ ...claim, leaf: encoder.encode(leafOf(index)) });
        expect(codeOf(() => verifyInclusion({ ...claim, leaf: encoder.encode("other") }))).toBe(
          "INCLUSION_PROOF_WRONG",
        );
      }
  });

  it("proves that each size continues each earlier one", () => {
    const tree = treeOf(40);
    for (let to = 0; to <= 40; to++)
      for (let from = 0; from <= to; from++)
        expect(() =>
          verifyConsistency({
            from,
            to,
            fromRoot: tree.rootAt(from),
            toRoot: tree.rootAt(to),
            proof: tree.consistencyProof(from, to),
          }),
        ).not.toThrow();
  });

  it("proves no other past: any change of a root or of the proof is refused", () => {
    fc.assert(
      fc.property(size, size, fc.nat(), (a, b, which) => {
        const [from, to] = a < b ? [a, b] : [b, a];
        if (from === to) return;
        const tree = treeOf(to);
        const good = {
          from,
          to,
          fromRoot: tree.rootAt(from),
          toRoot: tree.rootAt(to),
          proof: tree.consistencyProof(from, to),
        };
        const at = which % good.proof.length;
        const bad = [
          { ...good, fromRoot: flip(good.fromRoot) },
          { ...good, toRoot: flip(good.toRoot) },
          { ...good, proof: good.proof.slice(1) },
          { ...good, proof: [...good.proof, tree.rootAt(1)] },
          { ...good, proof: good.proof.map((hash, index) => (index === at ? flip(hash) : hash)) },
          { ...good, from: from + 1 },
          { ...good, from: to, to: from },
        ];
        for (const claim of bad)
          expect(codeOf(() => verifyConsistency(claim))).toBe("CONSISTENCY_PROOF_WRONG");
      }),
    );
  });

  it("refuses a log whose early entry was exchanged", () => {
    const honest = treeOf(9);
    const forked = createLogTree();
    for (let index = 0; index < 20; index++)
      forked.append(hashLeaf(index === 4 ? "another" : leafOf(index)));
    const claim = {
      from: 9,
      to: 20,
      fromRoot: honest.rootAt(9),
      toRoot: forked.rootAt(20),
      proof: forked.consistencyProof(9, 20),
    };
    expect(codeOf(() => verifyConsistency(claim))).toBe("CONSISTENCY_PROOF_WRONG");
  });

  it("says nothing about sizes that it does not have", () => {
    const tree = treeOf(3);
    for (const ask of [
      () => tree.rootAt(4),
      () => tree.rootAt(-1),
      () => tree.rootAt(1.5),
      () => tree.inclusionProof(3, 3),
      () => tree.inclusionProof(0, 4),
      () => tree.consistencyProof(2, 1),
      () => tree.consistencyProof(1, 4),
    ])
      expect(codeOf(ask)).toBe("LOG_RANGE_INVALID");
  });

  it("goes on alone after a fork", () => {
    const tree = treeOf(5);
    const fork = tree.fork();
    fork.append(hashLeaf("six"));
    expect([tree.size, fork.size]).toEqual([5, 6]);
    expect(fork.rootAt(5)).toEqual(tree.rootAt(5));
    tree.append(hashLeaf(leafOf(5)));
    expect(tree.rootAt(6)).toEqual(peerOf(6).root);
  });
});
