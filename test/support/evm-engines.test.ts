import { Transaction, Wallet } from "ethers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evmEngines, type EvmEngine, type Keep } from "./evm-engines.ts";
import { ANVIL_SECRETS } from "./test-chain.ts";

const wallet = new Wallet(ANVIL_SECRETS[0]);
const transfer = (nonce: number): Promise<string> =>
  wallet.signTransaction({
    type: 2,
    chainId: 31_337,
    nonce,
    to: wallet.address,
    value: 1n,
    gasLimit: 21_000n,
    maxFeePerGas: 5_000_000_000n,
    maxPriorityFeePerGas: 1_000_000_000n,
  });

const blockOf = async (engine: EvmEngine, raw: string): Promise<number | null> => {
  const receipt = (await engine.ask("eth_getTransactionReceipt", Transaction.from(raw).hash)) as {
    readonly blockNumber: string;
  } | null;
  return receipt ? Number(receipt.blockNumber) : null;
};

interface Block {
  readonly hash: string;
  readonly baseFeePerGas: string;
}

const blockAt = async (engine: EvmEngine, height: number | string): Promise<Block | null> => {
  const tag = typeof height === "number" ? `0x${height.toString(16)}` : height;
  return (await engine.ask("eth_getBlockByNumber", tag, false)) as Block | null;
};
const hashAt = async (engine: EvmEngine, height: number | string): Promise<string | undefined> =>
  (await blockAt(engine, height))?.hash;

describe.each(evmEngines)("engine $name", ({ available, start }) => {
  const isThere = available("the engines of the tests");
  let engine: EvmEngine;
  let nonce = 0;
  const next = (): Promise<string> => {
    nonce += 1;
    return transfer(nonce - 1);
  };
  // One engine for all of its tests: each starts where the one before it ended.
  beforeAll(async () => {
    if (isThere) engine = await start();
  });
  afterAll(async () => {
    if (isThere) await engine.stop();
  });

  it.runIf(isThere).each<[Keep, number, number | null]>([
    ["same", 3, 0],
    ["moved", 3, 3],
    ["gone", 3, null],
    ["same", 10, 0],
    ["gone", 1, null],
    ["moved", 1, 1],
  ])("reorganises: %s, %i deep", async (keep, depth, offset) => {
    await engine.mine(2);
    const raw = await next();
    const base = await engine.height();
    await engine.ask("eth_sendRawTransaction", raw);
    await engine.mine(depth);
    expect(await blockOf(engine, raw)).toBe(base + 1);
    const before = await hashAt(engine, base + 1);
    const fork = await hashAt(engine, base);

    const replaced = await engine.reorg(depth, { keep });

    expect(replaced).toEqual([Transaction.from(raw).hash]);
    expect(await engine.height()).toBe(base + depth + 1);
    expect(await hashAt(engine, base)).toBe(fork);
    expect(await hashAt(engine, base + 1)).not.toBe(before);
    expect(await blockOf(engine, raw)).toBe(offset === null ? null : base + 1 + offset);
    // What is gone can come again.
    if (offset === null) {
      await engine.ask("eth_sendRawTransaction", raw);
      await engine.mine();
      expect(await blockOf(engine, raw)).toBe(base + depth + 2);
    }
  });

  it.runIf(isThere)("keeps the order of an account's transactions over a reorg", async () => {
    const raws = await Promise.all([next(), next(), next(), next()]);
    for (const raw of raws) {
      await engine.ask("eth_sendRawTransaction", raw);
      await engine.mine();
    }
    const heights = await Promise.all(raws.map((raw) => blockOf(engine, raw)));
    await engine.reorg(4, { keep: "same" });
    expect(await Promise.all(raws.map((raw) => blockOf(engine, raw)))).toEqual(heights);
  });

  it.runIf(isThere)("makes blocks by itself until it is told not to", async () => {
    const base = await engine.height();
    engine.autoMine(5);
    await expect.poll(() => engine.height()).toBeGreaterThan(base + 2);
    engine.autoMine(null);
    await engine.mine();
    const height = await engine.height();
    await engine.mine();
    expect(await engine.height()).toBe(height + 1);
  });

  it.runIf(isThere)("has the safe and finalized blocks that it is told", async () => {
    await engine.mine(6);
    const height = await engine.height();
    await engine.setSafeFinalized({ safe: height - 1, finalized: height - 4 });
    if (!engine.choosesTags) return;
    expect(await hashAt(engine, "safe")).toBe(await hashAt(engine, height - 1));
    expect(await hashAt(engine, "finalized")).toBe(await hashAt(engine, height - 4));
  });

  it.runIf(isThere)(
    "asks a higher base fee when it is told, and a lower one after it",
    async () => {
      const wanted = 2_000_000_000n;
      await engine.raiseBaseFee(wanted);
      await engine.mine();
      const baseFee = async (): Promise<bigint> =>
        BigInt((await blockAt(engine, "latest"))?.baseFeePerGas ?? 0);
      const spike = await baseFee();
      expect(spike).toBeGreaterThanOrEqual(wanted);
      await engine.mine(3);
      expect(await baseFee()).toBeLessThan(spike);
    },
  );

  it.runIf(isThere)("sends ether", async () => {
    const { address } = Wallet.createRandom();
    await engine.fund(address, 5n);
    expect(await engine.ask("eth_getBalance", address, "latest")).toBe("0x5");
  });
});
