import path from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { commitSignedRound, GOLD } from "../../test/support/stored-rounds.ts";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import type { DeliveryRecord } from "../adapters/contract/chain-adapter.ts";
import { toDeliveryRecord } from "../adapters/contract/delivery-record.ts";
import type { Binding } from "../bindings/binding.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { ChainName, FabricId, FeedId } from "../core/ids.ts";
import { applyOnce } from "../store/apply-once.ts";
import {
  changeDelivery,
  deliveryId,
  findDelivery,
  insertDeliveries,
  type DeliveryChange,
} from "../store/deliveries.ts";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import { createDeliveryDirectory } from "./delivery-directory.ts";
import { deliveryConsumer, roundMessageId, roundStream } from "./round-message.ts";

const FABRIC = "demo" as FabricId;
const bind = (chain: string): Binding => ({
  feed: GOLD,
  chain: chain as ChainName,
  contract: "0x01",
  mode: "every",
});
const [LOCAL, OTHER] = [bind("local"), bind("other")];
const ID = deliveryId(GOLD, 1, LOCAL);

let store: Store;
let woken: string[];
let changed: DeliveryRecord[];
beforeEach(async () => {
  store = await openStore({ driver: "libsql", file: path.join(temporaryFolder(), "fabric.db") });
  const opened = store;
  onTestFinished(() => opened.close());
  await commitSignedRound(store, 1);
  woken = [];
  changed = [];
});

const open = (bindings: readonly Binding[]) =>
  createDeliveryDirectory({
    store,
    fabric: FABRIC,
    host: null,
    feeds: new Set([GOLD, "unborn" as FeedId]),
    bindings,
    chains: new Map(
      bindings
        .filter(({ chain }) => chain === LOCAL.chain)
        .map(({ chain }) => [
          chain,
          {
            adapter: {
              retry: async (id: string) => {
                await change({ status: "prepared", subStatus: "retried", error: null });
                const row = await findDelivery(store.db, id);
                if (!row) throw fabricError("DELIVERY_UNKNOWN", { delivery: id });
                return toDeliveryRecord(row);
              },
            },
            wake: () => void woken.push(chain),
          },
        ]),
    ),
    onChange: (delivery) => void changed.push(delivery),
  });

const store1 = (targets: readonly Binding[]) =>
  store.transaction((trx) => insertDeliveries(trx, { feed: GOLD, round: 1 }, targets, 5));
const change = (...changes: readonly DeliveryChange[]) =>
  store.transaction(async (trx) => {
    for (const one of changes) await changeDelivery(trx, ID, one, 6);
  });
/** What the intake of a chain leaves behind when no binding asked for the round. */
const take = async (chain: ChainName) => {
  const { envelopeDigest } = await commitSignedRoundView();
  await store.transaction((trx) =>
    applyOnce(
      trx,
      {
        stream: roundStream(FABRIC).name,
        consumer: deliveryConsumer(chain, null),
        sequence: 1,
        messageId: roundMessageId(GOLD, 1, envelopeDigest),
      },
      5,
      async () => undefined,
    ),
  );
};
const commitSignedRoundView = async () => {
  const row = await store.db.selectFrom("rounds").select("view_json").executeTakeFirstOrThrow();
  return JSON.parse(row.view_json) as Awaited<ReturnType<typeof commitSignedRound>>;
};

describe("a delivery as it is told", () => {
  it("comes with its history and with the way out of what is wrong", async () => {
    await store1([LOCAL]);
    const directory = open([LOCAL]);
    expect(await directory.get(ID)).toMatchObject({ status: "prepared", advice: null });
    await change({ status: "failed", subStatus: "reverted", error: "TRANSACTION_REVERTED" });
    const failed = await directory.get(ID);
    expect(failed.advice).toEqual(expect.any(String));
    expect(failed.createdAt).toBe(5);
    expect(failed.history).toMatchObject([
      { at: 5, status: "prepared", subStatus: null },
      { at: 6, status: "failed", subStatus: "reverted", detail: "TRANSACTION_REVERTED" },
    ]);
  });

  it("is found by feed, round, chain and status", async () => {
    await store1([LOCAL, OTHER]);
    const directory = open([LOCAL, OTHER]);
    const list = async (filter: object) =>
      (await directory.list({ limit: 9, ...filter })).map(({ chain }) => chain);
    expect(await list({})).toHaveLength(2);
    expect(await list({ chain: OTHER.chain, round: 1, feed: GOLD })).toEqual(["other"]);
    expect(await list({ status: "final" })).toEqual([]);
  });
});

describe("another try", () => {
  it("is for failed deliveries of served chains, and wakes the chain's worker", async () => {
    await store1([LOCAL, OTHER]);
    const directory = open([LOCAL]);
    await expect(directory.retry(ID)).rejects.toMatchObject({ code: "DELIVERY_NOT_FAILED" });
    await change({ status: "failed", error: "TRANSACTION_REVERTED" });
    expect(await directory.retry(ID)).toMatchObject({ status: "prepared", subStatus: "retried" });
    expect(woken).toEqual(["local"]);
    expect(changed.map(({ id, status }) => [id, status])).toEqual([[ID, "prepared"]]);
  });

  it("is refused for a chain that this host does not serve, and for no delivery", async () => {
    await store1([LOCAL]);
    await change({ status: "failed", error: "TRANSACTION_REVERTED" });
    const directory = open([]);
    await expect(directory.retry(ID)).rejects.toMatchObject({ code: "CHAIN_NOT_SERVED" });
    await expect(directory.retry("none")).rejects.toMatchObject({ code: "DELIVERY_UNKNOWN" });
    expect(woken).toEqual([]);
  });
});

describe("the receipt of a round", () => {
  it("waits for every bound chain that has not taken the round", async () => {
    await store1([LOCAL]);
    const receipt = await open([LOCAL, OTHER]).receipt(GOLD, 1);
    expect(receipt).toMatchObject({
      outcome: "pending",
      settled: false,
      asked: 2,
      waiting: [{ chain: "other", contract: "0x01" }],
    });
  });

  it("is partial while one of two chains has it, and says so for good when the other failed", async () => {
    await store1([LOCAL]);
    await change({ status: "submitted" }, { status: "included" }, { status: "final" });
    expect(await open([LOCAL, OTHER]).receipt(GOLD, 1)).toMatchObject({
      outcome: "partial",
      settled: false,
      landed: 1,
      asked: 2,
    });
    expect(await open([LOCAL]).receipt(GOLD, 1)).toMatchObject({ outcome: "landed" });
  });

  it("promises nothing to a binding that came after the round was taken", async () => {
    await take(OTHER.chain);
    const receipt = await open([OTHER]).receipt(GOLD, 1);
    expect(receipt).toMatchObject({ outcome: "unbound", settled: true, asked: 0, waiting: [] });
  });

  it("knows an unknown feed from a round that is not there", async () => {
    const directory = open([]);
    const codeOf = async (feed: string, round: number) =>
      await directory.receipt(feed as FeedId, round).then(
        () => null,
        (error: { code?: string }) => error.code,
      );
    expect(await codeOf("unborn", 1)).toBe("ROUND_UNKNOWN");
    expect(await codeOf(GOLD, 2)).toBe("ROUND_UNKNOWN");
    expect(await codeOf("nobody", 1)).toBe("FEED_UNKNOWN");
  });
});
