import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBlockList, type BlockRef } from "./block-list.ts";

const block = (number: number, branch = "a", parent = branch): BlockRef => ({
  number,
  hash: `${branch}${number}`,
  parentHash: `${parent}${number - 1}`,
});
const run = (from: number, to: number, branch = "a", parent = branch): BlockRef[] =>
  Array.from({ length: to - from + 1 }, (_, index) =>
    block(from + index, branch, index === 0 ? parent : branch),
  );

describe("a block list", () => {
  it("gives back what a branch replaces, newest first", () => {
    const list = createBlockList(10);
    list.adopt(run(1, 6));
    expect(list.adopt(run(4, 7, "b", "a")).map(({ hash }) => hash)).toEqual(["a6", "a5", "a4"]);
    expect(list.tip?.hash).toBe("b7");
    expect([1, 3, 4, 7].map((number) => list.at(number)?.hash)).toEqual(["a1", "a3", "b4", "b7"]);
    expect([list.has("a3"), list.has("a4"), list.has("b4")]).toEqual([true, false, true]);
  });

  it("begins anew with a branch that joins nowhere", () => {
    const list = createBlockList(10);
    list.adopt(run(1, 3));
    expect(list.adopt(run(40, 41, "b")).length).toBe(3);
    expect([list.low, list.tip?.number, list.at(3)]).toEqual([40, 41, null]);
  });

  it("goes back", () => {
    const list = createBlockList(10);
    list.adopt(run(5, 9));
    expect(list.rewind(7).map(({ number }) => number)).toEqual([9, 8]);
    expect([list.tip?.number, list.has("a8")]).toEqual([7, false]);
    expect(list.rewind(1).length).toBe(3);
    expect([list.tip, list.low]).toEqual([null, 0]);
  });

  it("stays linked, within its bound, and forgets no replaced block unsaid", () => {
    const step = fc.record({ back: fc.nat(6), length: fc.integer({ min: 1, max: 8 }) });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 20 }),
        fc.integer({ min: 1, max: 12 }),
        (steps, limit) => {
          const list = createBlockList(limit);
          list.adopt([block(100)]);
          for (const [index, { back, length }] of steps.entries()) {
            const tip = list.tip?.number ?? 100;
            const from = Math.max(list.low, tip - back);
            const fork = list.at(from);
            const kept = new Set(
              Array.from({ length: tip - from }, (_, at) => list.at(from + 1 + at)?.hash),
            );
            const branch = run(from + 1, from + length, `${index}-`).map((each, at) =>
              at === 0 && fork ? { ...each, parentHash: fork.hash } : each,
            );
            const gone = list.adopt(branch);
            expect(new Set(gone.map(({ hash }) => hash))).toEqual(kept);
            expect(list.tip?.number).toBe(from + length);
            for (let number = list.low + 1; number <= from + length; number += 1)
              expect(list.at(number)?.parentHash).toBe(list.at(number - 1)?.hash);
            expect(from + length - list.low + 1).toBeLessThanOrEqual(limit);
          }
        },
      ),
    );
  });
});
