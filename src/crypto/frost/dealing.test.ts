import { secp256k1 } from "@noble/curves/secp256k1.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Digest } from "../../core/ids.ts";
import { readPoint } from "./curve-points.ts";
import {
  combineDealings,
  combineShares,
  findDealingFault,
  isShareFor,
  isShareOf,
  makeDealing,
  resharedConstant,
  resharedPoint,
} from "./dealing.ts";
import { GROUP_ORDER, wordOf } from "./ecrecover-challenge.ts";

const { Point } = secp256k1;
const { Fn } = Point;
const ceremony = `sha256:${"c".repeat(64)}` as Digest;
const scalar = fc.bigInt({ min: 1n, max: GROUP_ORDER - 1n });
const size = fc
  .integer({ min: 2, max: 6 })
  .chain((members) => fc.tuple(fc.integer({ min: 2, max: members }), fc.constant(members)));
const RUNS = { numRuns: 15 };
const indices = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

test("every share of a dealing is on its commitment, and no other scalar or index is", () => {
  fc.assert(
    fc.property(size, ([threshold, members]) => {
      const context = { ceremony, dealer: 1, threshold, members };
      const dealing = makeDealing(context);
      expect(dealing.commitment).toHaveLength(threshold);
      expect(findDealingFault(dealing, context, null)).toBeNull();
      for (const index of indices(members)) {
        const share = dealing.shareFor(index);
        expect(isShareOf(dealing.commitment, index, share)).toBe(true);
        expect(isShareOf(dealing.commitment, index + 1, share)).toBe(false);
        const next = Fn.toBytes(Fn.add(Fn.fromBytes(share), 1n));
        expect(isShareOf(dealing.commitment, index, next)).toBe(false);
      }
    }),
    RUNS,
  );
});

test("dealt shares add up to points of the sum, whose constant is the key", () => {
  fc.assert(
    fc.property(size, ([threshold, members]) => {
      const dealings = indices(members).map((dealer) =>
        makeDealing({ ceremony, dealer, threshold, members }),
      );
      const { key, verifyingShares } = combineDealings(dealings, { threshold, members });
      const constants = dealings.map(({ commitment }) => readPoint(commitment[0] ?? ""));
      expect(constants.reduce((sum, each) => sum.add(each), Point.ZERO).equals(key)).toBe(true);
      for (const index of indices(members)) {
        const share = combineShares(dealings.map((dealing) => dealing.shareFor(index)));
        const verifying = verifyingShares[index - 1]?.toHex() ?? "";
        expect(isShareFor(share, verifying)).toBe(true);
        const next = verifyingShares[index % members]?.toHex() ?? "";
        expect(isShareFor(share, next)).toBe(false);
      }
    }),
    RUNS,
  );
});

test("what k members deal at a resharing adds up to the secret, and their points to its point", () => {
  fc.assert(
    fc.property(size, scalar, fc.nat(1_000), ([threshold, members], secret, seed) => {
      const context = { ceremony, dealer: 1, threshold, members };
      const old = makeDealing(context, wordOf(secret));
      // Any k of them, not the first k.
      const dealers = indices(members)
        .toSorted((a, b) => ((a * 7 + seed) % 13) - ((b * 7 + seed) % 13))
        .slice(0, threshold)
        .toSorted((a, b) => a - b);
      const parts = dealers.map((index) => resharedConstant(old.shareFor(index), index, dealers));
      expect(combineShares(parts)).toEqual(wordOf(secret));
      for (const [at, index] of dealers.entries()) {
        const share = Point.BASE.multiply(Fn.fromBytes(old.shareFor(index))).toHex();
        const expected = Point.BASE.multiply(Fn.fromBytes(parts[at] ?? new Uint8Array(32)));
        expect(resharedPoint(share, index, dealers).equals(expected)).toBe(true);
      }
    }),
    RUNS,
  );
});

test("dealings that cancel each other make no key", () => {
  const sizes = { threshold: 2, members: 2 };
  const context = { ceremony, dealer: 1, ...sizes };
  const one = makeDealing(context, wordOf(5n));
  const two = {
    ...one,
    commitment: one.commitment.map((point) => readPoint(point).negate().toHex()),
  };
  expect(() => combineDealings([one, two], sizes)).toThrow(
    expect.objectContaining({ code: "FROST_KEY_UNUSABLE" }),
  );
});

test("what is no point is a fault and never an error", () => {
  const context = { ceremony, dealer: 1, threshold: 2, members: 3 };
  const good = makeDealing(context);
  for (const point of ["", "zz", "00", `04${"0".repeat(128)}`, `02${"f".repeat(64)}`]) {
    const commitment = [point, good.commitment[1] ?? ""];
    expect(findDealingFault({ ...good, commitment }, context, null)).not.toBeNull();
    expect(isShareOf(commitment, 1, good.shareFor(1))).toBe(false);
    expect(isShareFor(good.shareFor(1), point)).toBe(false);
  }
  for (const share of [new Uint8Array(0), new Uint8Array(32), new Uint8Array(32).fill(0xff)])
    expect(isShareOf(good.commitment, 1, share)).toBe(false);
});
