import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { signTransaction } from "../../src/adapters/evm/transaction-signer.ts";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { changeDelivery, findDelivery } from "../../src/store/deliveries.ts";
import type { Store } from "../../src/store/store.ts";
import { startTestChain } from "../support/anvil.ts";
import { createFeedFixture, type FeedFixture } from "../support/feed-fixture.ts";
import { openSubmissionStage } from "../support/submission-stage.ts";

let fixture: FeedFixture;
beforeAll(async () => {
  fixture = await createFeedFixture(await startTestChain());
});

describe("what memory says of a delivery", { timeout: 30_000 }, () => {
  it.each(["every", "latest"] as const)(
    "is never written over the record: one that another part ended is not signed for (%s)",
    async (mode) => {
      const dear = { fees: { kind: "market", maxFeePerGas: 1n } } as const;
      const { adapter, open, store, round, count, feed } = await openSubmissionStage(fixture, {
        chain: dear,
      });
      const boundTo = async (number: number) => {
        const delivery = await round(number);
        return { ...delivery, binding: { ...delivery.binding, mode } };
      };
      const first = await boundTo(1);
      expect(await adapter.prepare(first)).toMatchObject({ subStatus: "waiting-for-fee" });

      const next = open(store, { fees: { kind: "market" } });
      onTestFinished(() => next.close());
      // What it has loaded says that the first one waits.
      const waiting = next.settle(first.id);
      waiting.catch(() => undefined);
      await store.transaction((trx) =>
        changeDelivery(
          trx,
          first.id,
          { status: "superseded", error: "DELIVERY_OVERTAKEN" },
          Date.now(),
        ),
      );
      const second = await boundTo(2);
      await next.prepare(second);
      expect(await next.settle(second.id)).toMatchObject({ status: "final", error: null });
      expect(await next.find(first.id)).toMatchObject({ status: "superseded" });
      expect([await count(), (await feed.latest())[0]]).toEqual([1, 2n]);
    },
  );

  it("is told anew when a commit fails between the loss of a nonce and the next try", async () => {
    const { open, store, round, count, feed, signer } = await openSubmissionStage(fixture);
    const delivery = await round(1);
    let isBroken = false;
    const failing: Store = {
      ...store,
      db: store.db,
      transaction: async (work, options) => {
        const row = await findDelivery(store.db, delivery.id);
        if (!isBroken && row?.subStatus === "nonce-lost") {
          isBroken = true;
          throw fabricError("STORE_FULL", { file: ":memory:" });
        }
        return await store.transaction(work, options);
      },
    };
    const adapter = open(failing);
    onTestFinished(() => adapter.close());
    await adapter.prepare(delivery);
    // Somebody else uses the account.
    const { raw } = await signTransaction(
      {
        chainId: 31_337,
        nonce: 0,
        to: signer.address,
        value: 0n,
        gasLimit: 21_000n,
        type: 0,
        gasPrice: 10n ** 10n,
      },
      signer,
    );
    await fixture.chain.ask("eth_sendRawTransaction", raw);
    await expect.poll(count).toBe(1);
    await expect(adapter.settle(delivery.id)).rejects.toMatchObject({ code: "DELIVERY_INVALID" });
    expect(isBroken).toBe(true);
    await adapter.prepare(delivery);
    expect(await adapter.settle(delivery.id)).toMatchObject({ status: "final", error: null });
    expect((await feed.latest())[0]).toBe(1n);
  });
});
