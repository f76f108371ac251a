import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createManualClock } from "../../core/manual-clock.ts";
import type { EvmRpc } from "./evm-rpc.ts";
import { createFeeSource, raiseFees, type Fees } from "./fee-policy.ts";

/** A node in two words: base fee and gas price; counts what it is asked. */
const createNode = (baseFee: bigint | null, gasPrice = 5n) => {
  const asked: string[] = [];
  const rpc: EvmRpc = {
    ask: async () => ({ ok: true, result: null }),
    call: async (schema, method) => {
      asked.push(method);
      const block = { number: "0x1", hash: `0x${"1".repeat(64)}`, timestamp: "0x1" };
      const answer =
        method === "eth_gasPrice"
          ? `0x${gasPrice.toString(16)}`
          : baseFee === null
            ? block
            : { ...block, baseFeePerGas: `0x${baseFee.toString(16)}` };
      return schema.parse(answer);
    },
  };
  return { rpc, asked };
};

describe("current fees", () => {
  it("are twice the base fee and the tip, asked once per block's time", async () => {
    const { rpc, asked } = createNode(100n);
    const clock = createManualClock(0);
    const source = createFeeSource(rpc, { kind: "market", tipPerGas: 7n }, clock);
    const fees = { type: 2, maxFeePerGas: 207n, maxPriorityFeePerGas: 7n };
    expect(await source.current()).toEqual(fees);
    expect(await source.current()).toEqual(fees);
    expect(asked.length).toBe(1);
    await clock.advance(12_000);
    await source.current();
    expect(asked.length).toBe(2);
  });

  it("never pass the configured ceiling, tip included", async () => {
    const { rpc } = createNode(100n);
    const policy = { kind: "market", tipPerGas: 70n, maxFeePerGas: 60n } as const;
    expect(await createFeeSource(rpc, policy, createManualClock(0)).current()).toEqual({
      type: 2,
      maxFeePerGas: 60n,
      maxPriorityFeePerGas: 60n,
    });
  });

  it("fall back to a gas price where the chain has no fee market", async () => {
    const { rpc } = createNode(null);
    const source = createFeeSource(rpc, { kind: "market" }, createManualClock(0));
    expect(await source.current()).toEqual({ type: 0, gasPrice: 5n });
  });

  it.each([
    ["the configured one", { maxFeePerGas: 60n }, 60n],
    ["10,000 gwei", {}, 10_000_000_000_000n],
  ])("pass a ceiling, %s, on no word of the node", async (_name, limits, most) => {
    const policy = { kind: "market", tipPerGas: 1n, ...limits } as const;
    const fees = (rpc: EvmRpc) => createFeeSource(rpc, policy, createManualClock(0)).current();
    const greedy = 10n ** 30n;
    expect(await fees(createNode(null, greedy).rpc)).toEqual({ type: 0, gasPrice: most });
    expect(await fees(createNode(greedy).rpc)).toMatchObject({ maxFeePerGas: most });
  });

  it("are the configured price on permissioned chains, and nobody is asked", async () => {
    const { rpc, asked } = createNode(1n);
    const source = createFeeSource(rpc, { kind: "legacy", gasPrice: 0n }, createManualClock(0));
    expect(await source.current()).toEqual({ type: 0, gasPrice: 0n });
    expect(asked).toEqual([]);
  });
});

describe("raised fees", () => {
  const wei = fc.bigInt({ min: 0n, max: 10n ** 15n });
  const market = fc
    .record({ maxFeePerGas: wei, maxPriorityFeePerGas: wei })
    .map((fees): Fees => ({ type: 2, ...fees }));
  const legacy = wei.map((gasPrice): Fees => ({ type: 0, gasPrice }));
  const enough = (before: bigint, after: bigint): boolean =>
    after * 10n >= before * 11n && after > before;

  it("are accepted by every node as a replacement: a tenth more in each part", () => {
    fc.assert(
      fc.property(fc.oneof(market, legacy), fc.oneof(market, legacy), (paid, today) => {
        const raised = raiseFees(paid, today);
        expect(raised.type).toBe(paid.type);
        if (paid.type === 0 && raised.type === 0)
          expect(enough(paid.gasPrice, raised.gasPrice)).toBe(true);
        if (paid.type === 2 && raised.type === 2) {
          expect(enough(paid.maxFeePerGas, raised.maxFeePerGas)).toBe(true);
          expect(enough(paid.maxPriorityFeePerGas, raised.maxPriorityFeePerGas)).toBe(true);
        }
      }),
    );
  });
});
