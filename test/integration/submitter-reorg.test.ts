import { beforeAll, describe, expect, it } from "vitest";
import type { DeliveryRecord } from "../../src/adapters/contract/chain-adapter.ts";
import { startTestChain } from "../support/anvil.ts";
import { refused, said } from "../support/bent-rpc.ts";
import { createFeedFixture, type FeedFixture } from "../support/feed-fixture.ts";
import { openSubmissionStage } from "../support/submission-stage.ts";

let fixture: FeedFixture;
beforeAll(async () => {
  fixture = await createFeedFixture(await startTestChain());
});

const soon = { timeout: 20_000, interval: 25 };
const mine = async (count = 1) => await fixture.chain.ask("anvil_mine", `0x${count.toString(16)}`);

const landed = async (depth: number, wanted: DeliveryRecord["status"]) => {
  const stage = await openSubmissionStage(fixture, {
    chain: { finality: { kind: "depth", depth } },
  });
  const delivery = await stage.round(1);
  await stage.adapter.prepare(delivery);
  const settled = stage.adapter.settle(delivery.id);
  settled.catch(() => undefined);
  const status = async () => (await stage.adapter.find(delivery.id))?.status;
  await expect.poll(status, soon).toBe(wanted);
  return { ...stage, delivery, settled, status };
};

describe("a reorg", { timeout: 40_000 }, () => {
  it.each([1, 2, 5, 10])(
    "of %i blocks takes the delivery back, and it lands again",
    async (depth) => {
      const { feed, steps, delivery, status, notices, attempts, settled } = await landed(
        depth + 3,
        "included",
      );
      await mine(depth - 1 || 1);
      await fixture.chain.ask("anvil_rollback", depth === 1 ? 2 : depth);
      const mineOn = async () => {
        await mine();
        return await status();
      };
      await expect.poll(mineOn, soon).toBe("final");
      await settled;
      expect(await steps(delivery.id)).toEqual(
        expect.arrayContaining(["included", "reorganised", "landed"]),
      );
      expect((await attempts()).length).toBe(1);
      expect((await feed.latest())[0]).toBe(1n);
      expect(notices.some(({ type }) => type === "reorganised")).toBe(true);
    },
  );

  it("after final is reported everywhere, and the round is put on chain again", async () => {
    const { feed, steps, delivery, adapter, notices, settled } = await landed(1, "final");
    expect(await settled).toMatchObject({ status: "final" });
    await mine(2);
    await expect.poll(async () => (await adapter.probe()).height, soon).toBeGreaterThan(2);
    await fixture.chain.ask("anvil_rollback", 3);
    const mineOn = async () => {
      await mine();
      return await steps(delivery.id);
    };
    await expect.poll(mineOn, soon).toContain("finality-broken");
    expect(notices).toContainEqual(
      expect.objectContaining({ type: "finality-broken", deliveries: [delivery.id] }),
    );
    const again = async () => {
      await mine();
      return await adapter.find(delivery.id);
    };
    await expect.poll(again, soon).toMatchObject({ status: "final", subStatus: "landed" });
    expect((await feed.latest())[0]).toBe(1n);
  });

  it("while the host was down is found at its next start", async () => {
    const { delivery, adapter, open, steps, feed } = await landed(3, "included");
    await adapter.close();
    await fixture.chain.ask("anvil_rollback", 1);
    await mine(2);
    const heir = open(undefined, { finality: { kind: "depth", depth: 3 } });
    const settled = heir.settle(delivery.id);
    const mineOn = async () => {
      await mine();
      return (await heir.find(delivery.id))?.status;
    };
    await expect.poll(mineOn, soon).toBe("final");
    expect(await settled).toMatchObject({ attempts: 1 });
    expect(await steps(delivery.id)).toContain("reorganised");
    expect((await feed.latest())[0]).toBe(1n);
    await heir.close();
  });

  it("is not what a node that lags shows", async () => {
    const { delivery, bent, steps, status, settled, notices } = await landed(4, "included");
    let asked = 0;
    bent.bend("eth_getBlockByNumber", async ([number], pass) => {
      asked += 1;
      if (number !== "latest" || asked % 2 === 0) return await pass();
      const head = Number(await fixture.chain.ask("eth_blockNumber"));
      return said(
        await fixture.chain.ask("eth_getBlockByNumber", `0x${(head - 2).toString(16)}`, false),
      );
    });
    await expect.poll(() => asked, soon).toBeGreaterThan(10);
    await mine();
    await expect.poll(() => asked, soon).toBeGreaterThan(20);
    await mine(2);
    await expect.poll(status, soon).toBe("final");
    await settled;
    expect(await steps(delivery.id)).not.toContain("reorganised");
    expect(notices).toEqual([]);
  });

  it("is not what one answer from a dying branch shows", async () => {
    const { delivery, bent, steps, status, notices } = await landed(4, "included");
    const rival = (await fixture.chain.ask("eth_getBlockByNumber", "latest", false)) as {
      hash: string;
    };
    let asked = 0;
    bent.bend("eth_getBlockByNumber", async (_, pass) => {
      asked += 1;
      return asked % 3 === 0 ? said({ ...rival, hash: `0x${"ab".repeat(32)}` }) : await pass();
    });
    await expect.poll(() => asked, soon).toBeGreaterThan(12);
    await mine(3);
    await expect.poll(status, soon).toBe("final");
    expect(await steps(delivery.id)).not.toContain("reorganised");
    expect(notices).toEqual([]);
  });

  it("is followed by single questions where a node has no receipts by block", async () => {
    const { adapter, bent, round, feed } = await openSubmissionStage(fixture);
    bent.bend("eth_getBlockReceipts", () => refused("the method does not exist"));
    const deliveries = [];
    for (let number = 1; number <= 8; number += 1) deliveries.push(await round(number));
    for (const delivery of deliveries) await adapter.prepare(delivery);
    await fixture.chain.ask("evm_setAutomine", false);
    const settled = Promise.all(deliveries.map(({ id }) => adapter.settle(id)));
    const pooled = async () =>
      ((await fixture.chain.ask("txpool_status")) as { pending: string }).pending;
    await expect.poll(pooled, soon).toBe("0x8");
    await mine();
    await fixture.chain.ask("evm_setAutomine", true);
    expect((await settled).every(({ status }) => status === "final")).toBe(true);
    expect((await feed.latest())[0]).toBe(8n);
  });
});
