import { beforeEach, describe, expect, it } from "vitest";
import { Transaction } from "ethers";
import { encodeSubmit } from "../../src/adapters/evm/encode-update.ts";
import { startAnvil } from "../../src/cli/anvil.ts";
import { createFeedFixture, type FeedFixture } from "../support/feed-fixture.ts";
import { openSubmissionStage } from "../support/submission-stage.ts";
import { connectTestChain } from "../support/test-chain.ts";

const GWEI = 10n ** 9n;
const hex = (number: bigint | number): string => `0x${number.toString(16)}`;
// The price of the market is asked anew every twelve seconds.
const soon = { timeout: 45_000, interval: 50 };

let fixture: FeedFixture;
beforeEach(async () => {
  const anvil = await startAnvil({ signal: AbortSignal.timeout(20_000), extra: [] });
  fixture = await createFeedFixture(connectTestChain(anvil));
  return () => anvil.stop();
});

const mine = async (baseFee?: bigint) => {
  if (baseFee !== undefined)
    await fixture.chain.ask("anvil_setNextBlockBaseFeePerGas", hex(baseFee));
  await fixture.chain.ask("evm_mine");
};

/** A delivery that is broadcast at a base fee of one gwei; blocks come only when they are asked for. */
const openPending = async (cap: bigint) => {
  const stage = await openSubmissionStage(fixture, {
    chain: { stuckMs: 60, fees: { kind: "market", tipPerGas: GWEI / 10n, maxFeePerGas: cap } },
  });
  await fixture.chain.ask("evm_setAutomine", false);
  await mine(GWEI);
  const delivery = await stage.round(1);
  await stage.adapter.prepare(delivery);
  const settled = stage.adapter.settle(delivery.id);
  await expect.poll(async () => await stage.steps(delivery.id), soon).toContain("broadcast");
  return { ...stage, delivery, settled };
};

describe("fees", { timeout: 60_000 }, () => {
  it("rise by at least a tenth until a block takes the transaction, under one nonce", async () => {
    const { adapter, attempts, steps, jobs, count, delivery, settled } = await openPending(
      1_000n * GWEI,
    );
    const keepMining = async () => {
      await mine(20n * GWEI);
      return (await adapter.find(delivery.id))?.status;
    };
    await expect.poll(keepMining, soon).toBe("final");
    expect(await settled).toMatchObject({ status: "final", error: null });
    expect(await steps(delivery.id)).toContain("replaced");
    const prices = (await attempts()).map(
      ({ unsigned }) => Transaction.from(unsigned).maxFeePerGas ?? 0n,
    );
    expect(prices.length).toBeGreaterThan(1);
    for (const [index, price] of prices.slice(1).entries())
      expect(price * 10n).toBeGreaterThanOrEqual((prices[index] ?? 0n) * 11n);
    expect((await jobs()).length).toBe(1);
    expect(await count()).toBe(1);
  });

  it("stop at the cap, say so, and go on when the market falls", async () => {
    const { adapter, steps, attempts, delivery, settled } = await openPending(4n * GWEI);
    const spike = async () => {
      await mine(50n * GWEI);
      return await steps(delivery.id);
    };
    await expect.poll(spike, soon).toContain("waiting-for-fee");
    expect(await adapter.find(delivery.id)).toMatchObject({
      status: "submitted",
      subStatus: "waiting-for-fee",
      error: "CHAIN_FEES_TOO_HIGH",
    });
    const prices = (await attempts()).map(
      ({ unsigned }) => Transaction.from(unsigned).maxFeePerGas ?? 0n,
    );
    expect(prices.every((price) => price <= 4n * GWEI)).toBe(true);
    const fall = async () => {
      await mine(GWEI);
      return (await adapter.find(delivery.id))?.status;
    };
    await expect.poll(fall, soon).toBe("final");
    expect(await settled).toMatchObject({ status: "final", error: null });
  });

  it("that rose between signature and broadcast are paid: what no node takes is signed anew", async () => {
    const { adapter, round, jobs, steps } = await openSubmissionStage(fixture, {
      chain: { fees: { kind: "market", tipPerGas: GWEI / 10n } },
    });
    const delivery = await round(1);
    await adapter.prepare(delivery);
    await fixture.chain.ask("anvil_setNextBlockBaseFeePerGas", hex(40n * GWEI));
    await mine(40n * GWEI);
    await fixture.chain.ask("anvil_setNextBlockBaseFeePerGas", hex(40n * GWEI));
    expect(await adapter.settle(delivery.id)).toMatchObject({ status: "final", error: null });
    expect(await steps(delivery.id)).toContain("replaced");
    expect((await jobs()).length).toBe(1);
  });

  it("are not spent on a call that became pointless: a transfer of nothing takes its nonce", async () => {
    const { adapter, round, feed, steps, count, attempts, delivery, settled } = await openPending(
      1_000n * GWEI,
    );
    // Somebody else delivers the round while ours is too cheap for the block.
    await fixture.chain.ask("anvil_setNextBlockBaseFeePerGas", hex(30n * GWEI));
    await fixture.chain.ask("anvil_impersonateAccount", fixture.account.signer.address);
    await fixture.chain.ask("eth_sendTransaction", {
      from: fixture.account.signer.address,
      to: feed.address,
      data: encodeSubmit(delivery),
      gas: hex(500_000),
      maxFeePerGas: hex(200n * GWEI),
      maxPriorityFeePerGas: hex(GWEI),
    });
    await mine();
    const keepMining = async () => {
      await mine(30n * GWEI);
      return (await adapter.find(delivery.id))?.status;
    };
    await expect.poll(keepMining, soon).toBe("superseded");
    expect(await settled).toMatchObject({ error: "ONCHAIN_ROUND_EXISTS" });
    expect(await steps(delivery.id)).toContain("cancelling");
    expect((await attempts()).at(-1)?.kind).toBe("cancel");
    expect(await count()).toBe(1);
    await fixture.chain.ask("anvil_setNextBlockBaseFeePerGas", hex(GWEI));
    await fixture.chain.ask("evm_setAutomine", true);
    const next = await round(2);
    await adapter.prepare(next);
    expect(await adapter.settle(next.id)).toMatchObject({ status: "final" });
  });
});
