import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { roundCommit } from "../../test/support/rounds.ts";
import type { ChainName, FeedId } from "../core/ids.ts";
import { commitRound } from "./commit-round.ts";
import type { DeliveryStatus } from "./database.ts";
import {
  changeDelivery,
  deliveryEvents,
  deliveryId,
  findDelivery,
  insertDeliveries,
  listDeliveries,
  newestRoundFor,
  openDeliveries,
} from "./deliveries.ts";
import { openStore } from "./open-store.ts";
import type { Store } from "./store.ts";

const gold = "xau-usd" as FeedId;
const target = { chain: "local" as ChainName, contract: "0x01" };
const first = deliveryId(gold, 1, target);
const storeRound = async (store: Store, round: number): Promise<void> => {
  const commit = roundCommit(gold, round);
  await store.transaction(async (trx) => {
    await commitRound(trx, commit);
    await insertDeliveries(trx, commit.round, [target], commit.at);
  });
};
const withRounds = async (count: number): Promise<Store> => {
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  onTestFinished(() => store.close());
  for (let round = 1; round <= count; round += 1) await storeRound(store, round);
  return store;
};

describe("deliveries", () => {
  it("keep their facts and their history", async () => {
    const store = await withRounds(1);
    const change = (status: DeliveryStatus, more: object, at: number): Promise<void> =>
      store.transaction((trx) => changeDelivery(trx, first, { status, ...more }, at));
    await change("submitted", { txHash: "0xaa", attempt: true }, 2);
    await change("included", { blockNumber: 7, blockHash: "0xbb" }, 3);
    await change("submitted", { blockNumber: null, blockHash: null, detail: "reorganised" }, 4);
    await change("included", { blockNumber: 8, blockHash: "0xcc" }, 5);
    await change("final", { receiptJson: "{}" }, 6);
    expect(await findDelivery(store.db, first)).toMatchObject({
      status: "final",
      txHash: "0xaa",
      blockNumber: 8,
      blockHash: "0xcc",
      receiptJson: "{}",
      attempts: 1,
      updatedAt: 6,
    });
    expect((await deliveryEvents(store.db, first)).map((e) => [e.status, e.detail])).toEqual([
      ["prepared", ""],
      ["submitted", "0xaa"],
      ["included", ""],
      ["submitted", "reorganised"],
      ["included", ""],
      ["final", ""],
    ]);
  });

  it("never leave an end, whatever is tried", async () => {
    const statuses: DeliveryStatus[] = [
      "prepared",
      "submitted",
      "included",
      "final",
      "superseded",
      "failed",
    ];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...statuses), { maxLength: 12 }), async (steps) => {
        const store = await openStore({ driver: "libsql", file: ":memory:" });
        await storeRound(store, 1);
        let ended: DeliveryStatus | null = null;
        for (const status of steps) {
          const before = await findDelivery(store.db, first);
          const moved = await store
            .transaction((trx) => changeDelivery(trx, first, { status }, 5))
            .then(
              () => true,
              (error: unknown) => {
                expect(error).toMatchObject({ code: "DELIVERY_TRANSITION_INVALID" });
                return false;
              },
            );
          const after = await findDelivery(store.db, first);
          expect(after?.status).toBe(moved ? status : before?.status);
          if (ended) expect(after?.status).toBe(ended);
          if (after?.status === "final" || after?.status === "superseded") ended = after.status;
        }
        await store.close();
      }),
      { numRuns: 40 },
    );
  });

  it("are found by feed, round, chain and status", async () => {
    const store = await withRounds(3);
    const second = deliveryId(gold, 2, target);
    await changeDelivery(store.db, second, { status: "failed", error: "BUS_CLOSED" }, 9);
    const find = async (filter: object): Promise<number[]> =>
      (await listDeliveries(store.db, { limit: 9, ...filter })).map((d) => d.round);
    expect(await find({})).toEqual([3, 1, 2]);
    expect(await find({ statuses: ["failed"] })).toEqual([2]);
    expect(await find({ round: 3 })).toEqual([3]);
    expect(await find({ chain: "elsewhere" })).toEqual([]);
    const open = await openDeliveries(store.db, { limit: 9, chain: target.chain });
    expect(open.map((d) => d.round)).toEqual([1, 3]);
  });

  it("know the newest round that goes to a contract, whatever became of it", async () => {
    const store = await withRounds(3);
    const third = deliveryId(gold, 3, target);
    await changeDelivery(store.db, third, { status: "failed", error: "DELIVERY_INVALID" }, 9);
    expect(await newestRoundFor(store.db, { feed: gold, ...target })).toBe(3);
    expect(await newestRoundFor(store.db, { feed: gold, ...target, contract: "0x02" })).toBe(0);
    expect(await newestRoundFor(store.db, { feed: "crm" as FeedId, ...target })).toBe(0);
  });

  it("belong to a round that is there, once to each contract", async () => {
    const store = await withRounds(1);
    for (const round of [1, 2])
      await expect(
        store.transaction((trx) => insertDeliveries(trx, { feed: gold, round }, [target], 9)),
      ).rejects.toMatchObject({ code: "STORE_CONFLICT" });
    expect(await listDeliveries(store.db, { limit: 9 })).toHaveLength(1);
  });

  it("says when there is no such delivery", async () => {
    const store = await withRounds(0);
    const change = changeDelivery(store.db, "nothing", { status: "failed" }, 1);
    await expect(change).rejects.toMatchObject({ code: "DELIVERY_UNKNOWN" });
    expect(await findDelivery(store.db, "nothing")).toBeNull();
  });
});
