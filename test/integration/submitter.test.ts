import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { startTestChain } from "../support/anvil.ts";
import { refused, said } from "../support/bent-rpc.ts";
import { createFeedFixture, type FeedFixture } from "../support/feed-fixture.ts";
import { openSubmissionStage } from "../support/submission-stage.ts";

let fixture: FeedFixture;
beforeAll(async () => {
  fixture = await createFeedFixture(await startTestChain());
});

const hex = (number: number): string => `0x${number.toString(16)}`;

/** Blocks come only when they are asked for. */
const pauseMining = async () => {
  await fixture.chain.ask("evm_setAutomine", false);
  onTestFinished(async () => {
    await fixture.chain.ask("evm_setAutomine", true);
    await fixture.chain.ask("evm_mine");
  });
};
const soon = { timeout: 15_000, interval: 25 };

describe("a broadcast", { timeout: 30_000 }, () => {
  it("whose answer is lost is no reason to send another transaction", async () => {
    const { adapter, bent, round, count, attempts, feed } = await openSubmissionStage(fixture);
    let lost = 0;
    bent.bend("eth_sendRawTransaction", async (_, pass) => {
      await pass();
      lost += 1;
      throw fabricError("CHAIN_UNREACHABLE", { chain: "local", reason: "timeout" });
    });
    const delivery = await round(1);
    await adapter.prepare(delivery);
    expect(await adapter.settle(delivery.id)).toMatchObject({ status: "final", attempts: 1 });
    expect(lost).toBeGreaterThan(0);
    expect(await count()).toBe(1);
    expect((await attempts()).length).toBe(1);
    expect((await feed.latest())[0]).toBe(1n);
  });

  it("that a node swallowed is made again", async () => {
    const { adapter, bent, round, steps, count } = await openSubmissionStage(fixture);
    bent.bend("eth_sendRawTransaction", () => said(`0x${"00".repeat(32)}`));
    const delivery = await round(1);
    await adapter.prepare(delivery);
    const settled = adapter.settle(delivery.id);
    await expect.poll(async () => await steps(delivery.id), soon).toContain("broadcast");
    bent.bend("eth_sendRawTransaction", null);
    expect(await settled).toMatchObject({ status: "final", attempts: 1 });
    expect(await steps(delivery.id)).toContain("rebroadcast");
    expect(await count()).toBe(1);
  });

  it.each([
    "already known",
    "nonce too low",
    "replacement transaction underpriced",
    "insufficient funds for gas * price + value",
    "",
  ])("refused with the words %j is judged by what the chain holds", async (words) => {
    const { adapter, bent, round, count } = await openSubmissionStage(fixture);
    bent.bend("eth_sendRawTransaction", async (_, pass) => {
      await pass();
      return refused(words);
    });
    const delivery = await round(1);
    await adapter.prepare(delivery);
    expect(await adapter.settle(delivery.id)).toMatchObject({ status: "final", error: null });
    expect(await count()).toBe(1);
  });

  it("waits out a node that refuses everything for a while", async () => {
    const { adapter, bent, round, steps, notices } = await openSubmissionStage(fixture);
    const delivery = await round(1);
    await adapter.prepare(delivery);
    bent.bend("*", () => {
      throw fabricError("CHAIN_UNREACHABLE", { chain: "local", reason: "HTTP_500" });
    });
    const settled = adapter.settle(delivery.id);
    await expect.poll(async () => await steps(delivery.id), soon).toContain("waiting-for-chain");
    bent.bend("*", null);
    expect(await settled).toMatchObject({ status: "final", error: null, attempts: 1 });
    expect(notices).toContainEqual(expect.objectContaining({ code: "CHAIN_UNREACHABLE" }));
  });
});

describe("nonces", { timeout: 40_000 }, () => {
  it("an absurd count for an account without a record heals by itself", async () => {
    const { adapter, bent, round, count, notices, jobs } = await openSubmissionStage(fixture);
    bent.bend("eth_getTransactionCount", () => said(hex(1_000_000)));
    const delivery = await round(1);
    await adapter.prepare(delivery);
    expect((await jobs())[0]?.nonce).toBe(1_000_000);
    bent.bend("eth_getTransactionCount", null);
    expect(await adapter.settle(delivery.id)).toMatchObject({ status: "final" });
    expect(await count()).toBe(1);
    expect(notices).toContainEqual(
      expect.objectContaining({ type: "nonces-mended", how: "renumber", from: 0 }),
    );
  });

  it("an absurd count beside a record is not believed", async () => {
    const { adapter, bent, round, store, open } = await openSubmissionStage(fixture);
    const first = await round(1);
    await adapter.prepare(first);
    await adapter.settle(first.id);
    await adapter.close();
    const heir = open();
    bent.bend("eth_getTransactionCount", () => said(hex(1_000_000)));
    const second = await round(2);
    expect(await heir.prepare(second)).toMatchObject({
      status: "prepared",
      subStatus: "waiting-for-chain",
      error: "CHAIN_NONCE_DOUBTFUL",
    });
    bent.bend("eth_getTransactionCount", null);
    expect(await heir.settle(second.id)).toMatchObject({ status: "final", error: null });
    const account = await store.db.selectFrom("evm_accounts").selectAll().executeTakeFirst();
    expect(account?.next_nonce).toBe(2);
    await heir.close();
  });

  it("a count that lags does not make a nonce twice", async () => {
    const { adapter, bent, round, jobs } = await openSubmissionStage(fixture);
    bent.bend("eth_getTransactionCount", () => said("0x0"));
    for (const number of [1, 2, 3]) {
      const delivery = await round(number);
      await adapter.prepare(delivery);
      expect(await adapter.settle(delivery.id)).toMatchObject({ status: "final", attempts: 1 });
    }
    expect((await jobs()).map(({ nonce }) => nonce)).toEqual([0, 1, 2]);
  });

  it("a gap is filled with transfers of nothing, and what waits behind it lands", async () => {
    const { adapter, round, store, steps, count, jobs, signer } =
      await openSubmissionStage(fixture);
    await store.db
      .insertInto("evm_accounts")
      .values({ chain: "local", signer: signer.address, next_nonce: 2, checked_at: 0 })
      .execute();
    const delivery = await round(1);
    await adapter.prepare(delivery);
    expect(await adapter.settle(delivery.id)).toMatchObject({ status: "final" });
    expect(await steps(delivery.id)).toContain("gap-filled");
    expect(await count()).toBe(3);
    const fillers = (await jobs()).filter(({ delivery_id }) => delivery_id === null);
    expect(fillers.map(({ nonce }) => nonce)).toEqual([0, 1]);
  });

  it("a nonce is not lost because a node says so once, or errs", async () => {
    const { adapter, bent, round, attempts, steps } = await openSubmissionStage(fixture);
    const delivery = await round(1);
    await adapter.prepare(delivery);
    await pauseMining();
    const settled = adapter.settle(delivery.id);
    await expect.poll(async () => await steps(delivery.id), soon).toContain("broadcast");
    let asked = 0;
    bent.bend("eth_getTransactionCount", (_, pass) => {
      asked += 1;
      return asked === 1 ? said("0x5") : asked === 2 ? refused("internal error") : pass();
    });
    await expect.poll(() => asked, soon).toBeGreaterThan(2);
    await fixture.chain.ask("evm_mine");
    expect(await settled).toMatchObject({ status: "final", attempts: 1 });
    expect((await attempts()).length).toBe(1);
  });
});

describe("what it lacks", { timeout: 30_000 }, () => {
  it("an account without money waits, says so, and goes on when it has some", async () => {
    const { adapter, round, steps, fund, count } = await openSubmissionStage(fixture, {
      balance: 0n,
    });
    const delivery = await round(1);
    // A call is simulated for nothing.
    await adapter.prepare(delivery);
    const settled = adapter.settle(delivery.id);
    await expect.poll(async () => await steps(delivery.id), soon).toContain("waiting-for-funds");
    expect(await adapter.find(delivery.id)).toMatchObject({ error: "CHAIN_FUNDS_MISSING" });
    await fund(10n ** 18n);
    expect(await settled).toMatchObject({ status: "final", error: null, attempts: 1 });
    expect(await count()).toBe(1);
  });

  it("a signer that is away leaves the nonce reserved, and the next process signs the same bytes", async () => {
    let isAway = true;
    const { adapter, open, round, attempts, count } = await openSubmissionStage(fixture, {
      signer: (real) => ({
        address: real.address,
        sign: async (message) => {
          if (!isAway) return await real.sign(message);
          const { address: account } = real;
          throw fabricError("CHAIN_SIGNER_UNREACHABLE", { account, reason: "away" });
        },
      }),
    });
    const delivery = await round(1);
    expect(await adapter.prepare(delivery)).toMatchObject({
      subStatus: "waiting-for-signer",
      error: "CHAIN_SIGNER_UNREACHABLE",
    });
    await adapter.close();
    const [reserved] = await attempts();
    expect(reserved).toMatchObject({ raw: null, hash: null });
    isAway = false;
    const heir = open();
    await heir.prepare(delivery);
    expect(await heir.settle(delivery.id)).toMatchObject({ status: "final", error: null });
    expect((await attempts()).map(({ unsigned }) => unsigned)).toEqual([reserved?.unsigned]);
    expect(await count()).toBe(1);
    await heir.close();
  });

  it("an exhausted budget signs nothing until there is money again, and later rounds wait behind", async () => {
    let isOpen = false;
    const settledWei: bigint[] = [];
    const { adapter, round, feed, attempts } = await openSubmissionStage(fixture, {
      spending: {
        reserve: async (_, { feed: purse, contract, maxWei }) =>
          isOpen
            ? { ok: true }
            : {
                ok: false,
                until: 1,
                error: fabricError("BUDGET_EXHAUSTED", {
                  feed: purse,
                  contract,
                  wei: "1",
                  wanted: maxWei,
                  until: "soon",
                }),
              },
        settle: async (_, __, wei) => void settledWei.push(wei),
        report: async () => [],
      },
    });
    const deliveries = [await round(1), await round(2)];
    for (const delivery of deliveries)
      expect(await adapter.prepare(delivery)).toMatchObject({ status: "prepared" });
    expect(await adapter.find(deliveries[0]?.id ?? "")).toMatchObject({
      subStatus: "waiting-for-budget",
      error: "BUDGET_EXHAUSTED",
    });
    expect(await attempts()).toEqual([]);
    const settled = Promise.all(deliveries.map(({ id }) => adapter.settle(id)));
    isOpen = true;
    expect((await settled).map(({ status }) => status)).toEqual(["final", "final"]);
    expect((await feed.latest())[0]).toBe(2n);
    expect(settledWei.every((wei) => wei > 0n)).toBe(true);
  });

  it("what failed is taken up again when somebody asks for it", async () => {
    const { adapter, round, steps } = await openSubmissionStage(fixture);
    const delivery = await round(1, { validUntil: (await fixture.now()) + 2 });
    await fixture.chain.ask("evm_increaseTime", 100);
    await fixture.chain.ask("evm_mine");
    expect(await adapter.prepare(delivery)).toMatchObject({
      status: "failed",
      error: "ONCHAIN_OBSERVATION_EXPIRED",
    });
    const [pressed, again] = await Promise.allSettled([1, 2].map(() => adapter.retry(delivery.id)));
    expect(pressed).toMatchObject({
      value: { status: "prepared", subStatus: "retried", error: null },
    });
    expect(again).toMatchObject({ reason: { code: "DELIVERY_NOT_FAILED" } });
    expect((await adapter.unfinished()).map(({ id }) => id)).toEqual([delivery.id]);
    await expect(adapter.retry(delivery.id)).rejects.toMatchObject({ code: "DELIVERY_NOT_FAILED" });
    expect(await adapter.prepare(delivery)).toMatchObject({ status: "failed" });
    expect(await steps(delivery.id)).toContain("retried");
  });
});

describe("a chain that began anew", { timeout: 30_000 }, () => {
  it("is paid once for an address without code, and asked about it from then on", async () => {
    const { adapter, round, count, feed } = await openSubmissionStage(fixture);
    const settle = async (number: number) => {
      const delivery = await round(number);
      await adapter.prepare(delivery);
      return await adapter.settle(delivery.id);
    };
    expect(await settle(1)).toMatchObject({ status: "final" });
    await fixture.chain.ask("anvil_setCode", feed.address, "0x");
    expect(await settle(2)).toMatchObject({ status: "failed", error: "EVENT_MISSING" });
    const paid = await count();
    await expect(settle(3)).rejects.toMatchObject({ code: "ONCHAIN_FEED_UNKNOWN" });
    expect(await count()).toBe(paid);
  });
});
