import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createManualClock } from "../../core/manual-clock.ts";
import { LOCAL } from "../../../test/support/delivery-fixture.ts";
import { createCall, type EvmRpc, type RpcAnswer } from "./evm-rpc.ts";
import { createFeeSource, raiseFees, type FeePolicy, type Fees } from "./fee-policy.ts";

interface Market {
  /** Null: blocks have none. */
  readonly baseFee: bigint | null;
  readonly gasPrice?: bigint;
  /** One per block, what the percentile gave. Left out: the node keeps no history. */
  readonly rewards?: readonly bigint[];
  /** Left out: the node proposes nothing. */
  readonly proposal?: bigint;
}

const hex = (value: bigint): string => `0x${value.toString(16)}`;
const unknown: RpcAnswer = { ok: false, fault: { code: -32_601, message: "unknown", data: null } };

/** A node that knows prices only; counts what it is asked. */
const createNode = ({ baseFee, gasPrice = 5n, rewards, proposal }: Market) => {
  const asked: string[] = [];
  const block = {
    number: "0x1",
    hash: `0x${"1".repeat(64)}`,
    parentHash: `0x${"2".repeat(64)}`,
    timestamp: "0x1",
  };
  const answers: Readonly<Record<string, unknown>> = {
    eth_gasPrice: hex(gasPrice),
    eth_getBlockByNumber: baseFee === null ? block : { ...block, baseFeePerGas: hex(baseFee) },
    eth_feeHistory: rewards && { oldestBlock: "0x1", reward: rewards.map((one) => [hex(one)]) },
    eth_maxPriorityFeePerGas: proposal === undefined ? undefined : hex(proposal),
  };
  const ask: EvmRpc["ask"] = async (method) => {
    asked.push(method);
    const result = answers[method];
    return result === undefined ? unknown : { ok: true, result };
  };
  return { rpc: { ask, call: createCall(LOCAL, ask) }, asked };
};
const feesOf = async (market: Market, policy: FeePolicy) =>
  await createFeeSource(createNode(market).rpc, policy, createManualClock(0)).current();

describe("current fees", () => {
  it("are twice the base fee and the tip, asked once per block's time", async () => {
    const { rpc, asked } = createNode({ baseFee: 100n });
    const clock = createManualClock(0);
    const source = createFeeSource(rpc, { kind: "market", tipPerGas: 7n }, clock);
    const fees = { type: 2, maxFeePerGas: 207n, maxPriorityFeePerGas: 7n };
    expect(await source.current()).toEqual(fees);
    expect(await source.current()).toEqual(fees);
    expect(asked).toEqual(["eth_getBlockByNumber"]);
    await clock.advance(12_000);
    await source.current();
    expect(asked.length).toBe(2);
  });

  it("have the headroom that is configured", async () => {
    const policy = { kind: "market", tipPerGas: 7n, baseFeePercent: 125 } as const;
    expect(await feesOf({ baseFee: 100n }, policy)).toMatchObject({ maxFeePerGas: 132n });
  });

  it.each([
    ["the middle of what blocks with transactions gave", { rewards: [0n, 9n, 3n, 0n, 5n] }, 5n],
    ["what the node proposes where blocks are empty", { rewards: [0n, 0n], proposal: 4n }, 4n],
    ["what the node proposes where it keeps no history", { proposal: 4n }, 4n],
    ["1 gwei where nobody says anything", {}, 10n ** 9n],
    ["10 gwei where they say more", { rewards: [10n ** 18n] }, 10n ** 10n],
    ["10 gwei where the node proposes more", { proposal: 10n ** 18n }, 10n ** 10n],
  ])("take for the tip %s", async (_, market, tip) => {
    const fees = await feesOf({ baseFee: 0n, ...market }, { kind: "market" });
    expect(fees).toEqual({ type: 2, maxFeePerGas: tip, maxPriorityFeePerGas: tip });
  });

  it("believe a tip up to the configured bound, and take a configured one as it is", async () => {
    const market = { baseFee: 0n, rewards: [50n] };
    const bounded = await feesOf(market, { kind: "market", maxTipPerGas: 20n });
    expect(bounded).toMatchObject({ maxPriorityFeePerGas: 20n });
    const fixed = await feesOf(market, { kind: "market", maxTipPerGas: 20n, tipPerGas: 30n });
    expect(fixed).toMatchObject({ maxPriorityFeePerGas: 30n });
  });

  it("never pass the configured ceiling, tip included", async () => {
    const policy = { kind: "market", tipPerGas: 150n, maxFeePerGas: 120n } as const;
    expect(await feesOf({ baseFee: 100n }, policy)).toEqual({
      type: 2,
      maxFeePerGas: 120n,
      maxPriorityFeePerGas: 120n,
    });
  });

  it.each([
    ["market", { baseFee: 61n }, { kind: "market", maxFeePerGas: 60n }],
    [
      "market without a base fee",
      { baseFee: null, gasPrice: 61n },
      { kind: "market", maxFeePerGas: 60n },
    ],
    ["legacy-market", { baseFee: 1n, gasPrice: 61n }, { kind: "legacy-market", maxFeePerGas: 60n }],
    ["market, 10,000 gwei being the ceiling", { baseFee: 10n ** 30n }, { kind: "market" }],
    ["legacy-market, the same", { baseFee: null, gasPrice: 10n ** 30n }, { kind: "legacy-market" }],
  ] satisfies [string, Market, FeePolicy][])(
    "are none while a block takes more than the ceiling: %s",
    async (_, market, policy) => {
      await expect(feesOf(market, policy)).rejects.toMatchObject({ code: "CHAIN_FEES_TOO_HIGH" });
    },
  );

  it("come back by themselves when it is cheaper again", async () => {
    const clock = createManualClock(0);
    const dear = createNode({ baseFee: 61n });
    const cheap = createNode({ baseFee: 30n, proposal: 1n });
    let node = dear;
    const rpc: EvmRpc = {
      ask: (...question) => node.rpc.ask(...question),
      call: (...question) => node.rpc.call(...question),
    };
    const source = createFeeSource(rpc, { kind: "market", maxFeePerGas: 60n }, clock);
    await expect(source.current()).rejects.toMatchObject({ code: "CHAIN_FEES_TOO_HIGH" });
    node = cheap;
    expect(await source.current()).toMatchObject({ maxFeePerGas: 60n });
  });

  it("fall back to a gas price where the chain has no fee market", async () => {
    expect(await feesOf({ baseFee: null }, { kind: "market" })).toEqual({ type: 0, gasPrice: 5n });
  });

  it("are a percentage of the node's price where that is asked for", async () => {
    const market = { baseFee: 1_000n, gasPrice: 100n };
    expect(await feesOf(market, { kind: "legacy-market" })).toEqual({ type: 0, gasPrice: 110n });
    const capped = await feesOf(market, {
      kind: "legacy-market",
      percent: 300,
      maxFeePerGas: 105n,
    });
    expect(capped).toEqual({ type: 0, gasPrice: 105n });
  });

  it("are the configured price on permissioned chains, and nobody is asked", async () => {
    const { rpc, asked } = createNode({ baseFee: 1n });
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
