import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createManualClock } from "../../../core/manual-clock.ts";
import { createBlockList } from "./block-list.ts";
import { createChainFollower } from "./chain-follower.ts";
import type { ChainBlock, ChainQuestions } from "./chain-questions.ts";

const hashOf = (name: string): string => `0x${Buffer.from(name).toString("hex").padEnd(64, "0")}`;

/** A chain in memory that forks. */
const createChain = () => {
  const blocks = new Map<string, ChainBlock>();
  let made = 0;
  let head: ChainBlock | null = null;
  const grow = (count = 1): void => {
    for (let index = 0; index < count; index += 1) {
      made += 1;
      const parentHash: string = head?.hash ?? hashOf("genesis");
      const number: number = (head?.number ?? 0) + 1;
      head = { number, hash: hashOf(`b${made}`), parentHash, timestamp: number, transactions: [] };
      blocks.set(head.hash, head);
    }
  };
  grow();
  const ancestor = (depth: number): ChainBlock => {
    let block = head;
    for (let index = 0; index < depth; index += 1)
      block = blocks.get(block?.parentHash ?? "") ?? block;
    if (!block) throw new Error("empty");
    return block;
  };
  const shown: ChainBlock[] = [];
  let asked = 0;
  const asks: Pick<ChainQuestions, "head" | "blockByHash"> = {
    head: async () => {
      asked += 1;
      return shown.shift() ?? ancestor(0);
    },
    blockByHash: async (hash) => {
      asked += 1;
      return blocks.get(hash) ?? null;
    },
  };
  return {
    asks: asks as ChainQuestions,
    grow,
    ancestor,
    fork: (depth: number, length: number) => {
      head = ancestor(depth);
      grow(length);
    },
    /** The next look sees this. */
    show: (block: ChainBlock) => void shown.push(block),
    asked: () => asked,
    canonical: (number: number): string => ancestor(ancestor(0).number - number).hash,
  };
};

const open = (limit = 50) => {
  const chain = createChain();
  const list = createBlockList(limit);
  const clock = createManualClock(0);
  const follower = createChainFollower(chain.asks, list, clock, limit);
  return { chain, list, clock, look: () => follower.look({}) };
};

describe("a chain that is followed", () => {
  it("costs one question a look, and one more for each block between", async () => {
    const { chain, look } = open();
    expect((await look()).begun).toBe(true);
    await look();
    expect(chain.asked()).toBe(2);
    chain.grow(1);
    await look();
    expect(chain.asked()).toBe(3);
    chain.grow(5);
    expect((await look()).added.length).toBe(5);
    expect(chain.asked()).toBe(8);
  });

  it("names what a fork removed", async () => {
    const { chain, look } = open();
    chain.grow(5);
    await look();
    chain.grow(3);
    await look();
    const old = [0, 1].map((depth) => chain.ancestor(depth));
    chain.fork(2, 3);
    const { removed, added, begun } = await look();
    expect([...removed.keys()].toSorted()).toEqual(old.map(({ hash }) => hash).toSorted());
    expect([added.length, begun]).toEqual([3, false]);
  });

  it("does not take a node that lags for a reorg", async () => {
    const { chain, look, list } = open();
    for (let turn = 0; turn < 5; turn += 1) {
      chain.grow(1);
      await look();
    }
    const tip = list.tip?.hash;
    for (let turn = 0; turn < 6; turn += 1) {
      chain.show(chain.ancestor(turn % 4));
      const { removed, added } = await look();
      expect([removed.size, added.length]).toEqual([0, 0]);
    }
    expect(list.tip?.hash).toBe(tip);
  });

  it("goes back with a chain that stays behind for long", async () => {
    const { chain, look, list, clock } = open();
    for (let turn = 0; turn < 5; turn += 1) {
      chain.grow(1);
      await look();
    }
    chain.fork(2, 0);
    let removed = 0;
    for (let turn = 0; turn < 12; turn += 1) {
      removed += (await look()).removed.size;
      await clock.advance(5_000);
    }
    expect(removed).toBe(2);
    expect(list.tip?.hash).toBe(chain.ancestor(0).hash);
  });

  it("takes a rival of the same height only when it stays", async () => {
    const { chain, look } = open();
    chain.grow(4);
    await look();
    chain.grow(1);
    await look();
    const ours = chain.ancestor(0);
    chain.fork(1, 1);
    expect((await look()).removed.size).toBe(0);
    chain.show(ours);
    expect((await look()).removed.size).toBe(0);
    expect((await look()).removed.size).toBe(0);
    expect((await look()).removed.size).toBe(1);
  });

  it("begins anew when it was away for longer than its list", async () => {
    const { chain, look, list } = open(8);
    await look();
    chain.grow(100);
    const { begun, removed, added } = await look();
    expect([begun, removed.size, added.length, list.low]).toEqual([true, 1, 1, 101]);
    expect(chain.asked()).toBeLessThan(12);
  });

  it("knows the chain after any growth, forks and lagging answers", async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("grow"), by: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ kind: fc.constant("fork"), by: fc.integer({ min: 1, max: 6 }) }),
      fc.record({ kind: fc.constant("lag"), by: fc.integer({ min: 1, max: 5 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { chain, look, list } = open(40);
        chain.grow(10);
        await look();
        const ours = new Set<string>();
        const take = async (): Promise<void> => {
          const { added, removed } = await look();
          for (const hash of removed.keys()) ours.delete(hash);
          for (const { hash } of added) ours.add(hash);
        };
        for (const { kind, by } of steps) {
          if (kind === "grow") chain.grow(by);
          // A branch that wins is longer.
          else if (kind === "fork") chain.fork(by, by + 1);
          else chain.show(chain.ancestor(by));
          await take();
        }
        chain.grow(1);
        await take();
        await take();
        expect(list.tip?.hash).toBe(chain.ancestor(0).hash);
        for (let number = list.low; number <= (list.tip?.number ?? 0); number += 1)
          expect(list.at(number)?.hash).toBe(chain.canonical(number));
        for (const hash of ours) expect(list.has(hash)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
