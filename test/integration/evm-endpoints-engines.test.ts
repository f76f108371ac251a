import { Wallet } from "ethers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { receiptSchema } from "../../src/adapters/evm/chain-answers.ts";
import { createFeeSource } from "../../src/adapters/evm/fee-policy.ts";
import { smallQuantity } from "../../src/adapters/evm/evm-rpc.ts";
import { probeChain } from "../../src/adapters/evm/probe-chain.ts";
import { probeTag } from "../../src/adapters/evm/probe-finality.ts";
import { systemClock } from "../../src/core/clock.ts";
import { LOCAL } from "../support/delivery-fixture.ts";
import { evmEngines, type EvmEngine } from "../support/evm-engines.ts";
import { lieAbout } from "../support/false-node.ts";
import { openPoolStage } from "../support/pool-stage.ts";
import { ANVIL_SECRETS } from "../support/test-chain.ts";

const wallet = new Wallet(ANVIL_SECRETS[0]);
const blockSchema = z.object({ number: smallQuantity, hash: z.string() });
const RECEIPT = receiptSchema.nullable();

// What each client answers must have the forms that a quorum compares, and its refusals must be told from silence.
describe.each(evmEngines)("a quorum of endpoints on $name", ({ available, start }) => {
  const isThere = available("a quorum of endpoints on the second engine");
  let engine: EvmEngine;
  beforeAll(async () => {
    if (!isThere) return;
    engine = await start();
    await engine.mine(3);
  });
  afterAll(async () => {
    if (isThere) await engine.stop();
  });
  const open = async () => {
    const lie = lieAbout("eth_getTransactionReceipt", (result) =>
      result === null ? null : { ...(result as object), gasUsed: "0x1" },
    );
    return await openPoolStage(engine.rpcUrl, [lie, null, null]);
  };
  const block = async (pool: Awaited<ReturnType<typeof open>>["pool"], which: string) =>
    await pool.call(blockSchema, "eth_getBlockByNumber", [which, false]);

  it.runIf(isThere)("agrees about blocks, prices and the chain itself", async () => {
    const { pool } = await open();
    const height = await engine.height();
    const chain = { name: LOCAL, chainId: engine.chainId } as const;
    const finality = { kind: "depth", depth: 1 } as const;
    expect(await probeChain(pool, { ...chain, finality })).toMatchObject({ height });
    expect((await block(pool, "latest")).number).toBe(height);
    expect((await block(pool, "0x1")).number).toBe(1);
    const fees = await createFeeSource(pool, { kind: "market" }, systemClock).current();
    expect(fees).toMatchObject({ type: 2 });
    expect(pool.report().endpoints.map(({ contradicted }) => contradicted)).toEqual([0, 0, 0]);
  });

  it.runIf(isThere)("sees a transaction land, and who lies about it", async () => {
    const { pool, standing } = await open();
    const params = [wallet.address, "pending"];
    const raw = await wallet.signTransaction({
      type: 2,
      chainId: engine.chainId,
      nonce: await pool.call(smallQuantity, "eth_getTransactionCount", params),
      to: wallet.address,
      gasLimit: 21_000n,
      maxFeePerGas: 100_000_000_000n,
      maxPriorityFeePerGas: 1_000_000_000n,
    });
    const hash = await pool.call(z.string(), "eth_sendRawTransaction", [raw]);
    expect(await pool.call(RECEIPT, "eth_getTransactionReceipt", [hash])).toBeNull();
    await engine.mine();
    const receipt = await pool.call(RECEIPT, "eth_getTransactionReceipt", [hash]);
    expect(receipt).toMatchObject({ status: 1, gasUsed: 21_000n });
    expect(standing()[0]).toMatchObject({ code: "CHAIN_ENDPOINTS_DISAGREE" });
  });

  it.runIf(isThere)("follows a reorganisation without blaming anybody", async () => {
    const { pool } = await open();
    const before = await block(pool, "latest");
    await engine.reorg(2, { keep: "same" });
    const after = await block(pool, "latest");
    expect(after.number).toBe(before.number + 1);
    const replaced = await block(pool, `0x${before.number.toString(16)}`);
    expect(replaced.hash).not.toBe(before.hash);
    expect(pool.report().endpoints.map(({ contradicted }) => contradicted)).toEqual([0, 0, 0]);
  });

  it.runIf(isThere)("knows its safe and finalized blocks", async () => {
    const { pool } = await open();
    await engine.mine(4);
    const height = await engine.height();
    await engine.setSafeFinalized({ safe: height - 1, finalized: height - 2 });
    expect(await probeTag(pool, "safe", height)).toEqual({ kind: "block", number: height - 1 });
    expect(await probeTag(pool, "finalized", height)).toEqual({
      kind: "block",
      number: height - 2,
    });
  });
});
