import fc from "fast-check";
import { Transaction } from "ethers";
import { describe, expect, it } from "vitest";
import { feeCap, feesOf, highestPrice, replacementFees } from "./attempt-fees.ts";

const GWEI = 10n ** 9n;
const price = fc.bigInt({ min: 0n, max: 20_000n * GWEI });
const market = (maxFeePerGas: bigint, maxPriorityFeePerGas = maxFeePerGas) =>
  ({ type: 2, maxFeePerGas, maxPriorityFeePerGas }) as const;

describe("fees of a replacement", () => {
  it("are at least a tenth above what was paid, in every field, and never above the cap", () => {
    fc.assert(
      fc.property(price, price, price, price, (paid, tip, today, cap) => {
        const before = market(paid, tip < paid ? tip : paid);
        const after = replacementFees(before, market(today), cap);
        if (after?.type !== 2) return;
        expect(after.maxFeePerGas).toBeLessThanOrEqual(cap);
        expect(after.maxPriorityFeePerGas).toBeLessThanOrEqual(after.maxFeePerGas);
        expect(after.maxFeePerGas * 10n).toBeGreaterThanOrEqual(before.maxFeePerGas * 11n);
        expect(after.maxPriorityFeePerGas * 10n).toBeGreaterThanOrEqual(
          before.maxPriorityFeePerGas * 11n,
        );
      }),
    );
  });

  it("are none where the cap leaves no room", () => {
    expect(replacementFees(market(100n), market(100n), 109n)).toBeNull();
    expect(replacementFees(market(100n), market(100n), 110n)).toEqual(market(110n));
    expect(replacementFees(market(100n), market(100n), 1_000n)).toEqual(market(113n));
    expect(replacementFees({ type: 0, gasPrice: 0n }, { type: 0, gasPrice: 0n }, 0n)).toBeNull();
  });

  it("follow a market that has risen more", () => {
    expect(replacementFees(market(100n, 1n), market(500n, 20n), 1_000n)).toEqual(market(500n, 20n));
    const legacy = replacementFees(
      { type: 0, gasPrice: 100n },
      { type: 0, gasPrice: 300n },
      1_000n,
    );
    expect(legacy).toEqual({ type: 0, gasPrice: 300n });
  });
});

describe("a price at a permissioned chain", () => {
  it("is fixed, whatever happens", () => {
    expect(feeCap({ kind: "legacy", gasPrice: 5n })).toBe(5n);
    expect(feeCap(undefined)).toBe(10_000n * GWEI);
    expect(feeCap({ kind: "market", maxFeePerGas: 7n })).toBe(7n);
  });
});

it("fees are read from what was stored before it was signed", () => {
  const to = `0x${"11".repeat(20)}`;
  const unsigned = (fees: object): string =>
    Transaction.from({ chainId: 1, nonce: 1, to, gasLimit: 21_000n, ...fees }).unsignedSerialized;
  for (const fees of [market(7n, 3n), { type: 0, gasPrice: 9n }] as const) {
    const read = feesOf({ unsigned: unsigned(fees), raw: null });
    expect(read).toEqual(fees);
    expect(highestPrice(read)).toBe(fees.type === 2 ? 7n : 9n);
  }
});
