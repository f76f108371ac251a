import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RpcAnswer } from "../evm-rpc.ts";
import { quantityOf } from "./answer-keys.ts";
import type { Vote } from "./gather.ts";
import { reduceEstimate, reduceHistory, reduceVouched, vouchedFor } from "./reduce-votes.ts";

const hex = (value: bigint): string => `0x${value.toString(16)}`;
const vote = (result: unknown): Vote => ({
  // Who said it does not matter here.
  endpoint: {} as Vote["endpoint"],
  answer: { ok: true, result },
  key: "",
});
const votes = (numbers: readonly bigint[]): Vote[] => numbers.map((one) => vote(hex(one)));
const numberOf = (answer: RpcAnswer | null): bigint | null => (answer ? quantityOf(answer) : null);

const amount = fc.bigInt({ min: 0n, max: 2n ** 90n });
/** Honest answers, fewer lies than a quorum, and how many must agree. */
const meeting = fc
  .record({ honest: fc.array(amount, { minLength: 1, maxLength: 5 }), lies: fc.array(amount) })
  .map(({ honest, lies }) => ({
    honest,
    lies: lies.slice(0, honest.length - 1),
    quorum: honest.length,
  }));

describe("a vouched number", () => {
  it("lies between the smallest and the largest honest one, whatever fewer than a quorum say", () => {
    fc.assert(
      fc.property(meeting, ({ honest, lies, quorum }) => {
        const found = vouchedFor([...lies, ...honest], quorum);
        const sorted = honest.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
        expect(found).not.toBeNull();
        expect(found).toBeGreaterThanOrEqual(sorted[0] ?? 0n);
        expect(found).toBeLessThanOrEqual(sorted.at(-1) ?? 0n);
      }),
    );
  });

  it("does not depend on the order, and is one that was said", () => {
    fc.assert(
      fc.property(fc.array(amount, { minLength: 1 }), fc.nat(8), (numbers, extra) => {
        const quorum = 1 + (extra % numbers.length);
        const found = vouchedFor(numbers, quorum);
        expect(vouchedFor(numbers.toReversed(), quorum)).toBe(found);
        expect(numbers).toContain(found);
        expect(numberOf(reduceVouched(votes(numbers), quorum))).toBe(found);
      }),
    );
  });

  it("is none where too few gave one", () => {
    expect(vouchedFor([1n], 2)).toBeNull();
    expect(reduceVouched([vote("0x"), vote(null), vote("0x1")], 2)).toBeNull();
  });
});

describe("an estimate", () => {
  it("is the largest of those that are close, without the one that is not", () => {
    expect(numberOf(reduceEstimate(votes([50_000n, 52_000n, 9_000_000n]), 2))).toBe(52_000n);
    expect(numberOf(reduceEstimate(votes([50_000n, 52_000n, 1n]), 2))).toBe(52_000n);
    expect(reduceEstimate(votes([50_000n, 1n]), 2)).toBeNull();
    expect(reduceEstimate(votes([50_000n]), 2)).toBeNull();
  });
});

describe("a fee history", () => {
  const history = (base: bigint, tip: bigint, blocks = 2) =>
    vote({
      oldestBlock: "0x10",
      baseFeePerGas: Array.from({ length: blocks + 1 }, () => hex(base)),
      gasUsedRatio: Array.from({ length: blocks }, () => 0.5),
      reward: Array.from({ length: blocks }, () => [hex(tip)]),
    });

  it("is number by number what a quorum says at least", () => {
    const dear = history(10n ** 20n, 10n ** 20n);
    expect(reduceHistory([dear, history(7n, 2n), history(8n, 1n)], 2)).toEqual({
      ok: true,
      result: {
        oldestBlock: "0x10",
        baseFeePerGas: ["0x8", "0x8", "0x8"],
        gasUsedRatio: [0.5, 0.5],
        reward: [["0x2"], ["0x2"]],
      },
    });
  });

  it("of another length is held against the newest blocks", () => {
    const reduced = reduceHistory([history(7n, 2n, 3), history(9n, 1n, 1)], 2);
    // Where only one speaks, nobody vouches.
    expect(reduced).toMatchObject({
      result: {
        baseFeePerGas: ["0x0", "0x0", "0x7", "0x7"],
        reward: [["0x0"], ["0x0"], ["0x1"]],
      },
    });
  });

  it("is none where too few gave one", () => {
    expect(reduceHistory([history(1n, 1n), vote({ reward: "x" })], 2)).toBeNull();
  });
});
