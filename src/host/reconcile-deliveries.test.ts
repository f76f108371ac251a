import path from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { commitSignedRound, GOLD } from "../../test/support/stored-rounds.ts";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import type { Binding } from "../bindings/binding.ts";
import type { ChainName } from "../core/ids.ts";
import { createManualClock, type ManualClock } from "../core/manual-clock.ts";
import { silentLog } from "../core/log.ts";
import { insertDeliveries, listDeliveries } from "../store/deliveries.ts";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import { reconcileDeliveries, startReconciliation } from "./reconcile-deliveries.ts";

const bind = (chain: string): Binding => ({
  feed: GOLD,
  chain: chain as ChainName,
  contract: "0x01",
  mode: "every",
});
const [LOCAL, OTHER] = [bind("local"), bind("other")];
const HOUR_MS = 3_600_000;

let store: Store;
let clock: ManualClock;
let issuedAt: number;
let woken: string[];
beforeEach(async () => {
  store = await openStore({ driver: "libsql", file: path.join(temporaryFolder(), "fabric.db") });
  const opened = store;
  onTestFinished(() => opened.close());
  for (const round of [1, 2, 3, 4]) ({ issuedAt } = await commitSignedRound(store, round));
  clock = createManualClock(issuedAt + 2 * HOUR_MS);
  woken = [];
});

const parts = (bindings: readonly Binding[]) => ({
  store,
  clock,
  log: silentLog,
  bindings,
  onStored: ({ chain }: Binding) => void woken.push(chain),
});
const deliver = (binding: Binding, ...rounds: readonly number[]) =>
  store.transaction(async (trx) => {
    for (const round of rounds) await insertDeliveries(trx, { feed: GOLD, round }, [binding], 1);
  });
const roundsOf = async (chain: ChainName): Promise<readonly number[]> => {
  const rows = await listDeliveries(store.db, { chain, limit: 99 });
  return rows.map(({ round }) => round).toSorted((a, b) => a - b);
};

describe("rounds that the bus never brought", () => {
  it("are delivered from the record, once, from the binding's first round on", async () => {
    await deliver(LOCAL, 2, 4);
    expect(await reconcileDeliveries(parts([LOCAL, OTHER]))).toBe(1);
    expect(await roundsOf(LOCAL.chain)).toEqual([2, 3, 4]);
    // It was never promised anything.
    expect(await roundsOf(OTHER.chain)).toEqual([]);
    expect(woken).toEqual(["local"]);
    expect(await reconcileDeliveries(parts([LOCAL, OTHER]))).toBe(0);
    expect(woken).toEqual(["local"]);
  });

  it("are all delivered in one go, however many there are", async () => {
    for (let round = 5; round <= 620; round += 1) await commitSignedRound(store, round);
    await deliver(LOCAL, 1);
    clock = createManualClock(Date.now() + 1_000 * 86_400_000);
    expect(await reconcileDeliveries(parts([LOCAL]))).toBe(619);
  });

  it("are left to the bus while they may still be on their way", async () => {
    await deliver(LOCAL, 1);
    clock = createManualClock(issuedAt + HOUR_MS / 2);
    expect(await reconcileDeliveries(parts([LOCAL]))).toBe(0);
    expect(await roundsOf(LOCAL.chain)).toEqual([1]);
  });

  it("are looked for at start and again each hour", async () => {
    await deliver(LOCAL, 1, 2, 3);
    const running = startReconciliation(parts([LOCAL]));
    await expect.poll(() => roundsOf(LOCAL.chain)).toEqual([1, 2, 3, 4]);
    await store.transaction(async (trx) => {
      await trx.deleteFrom("delivery_events").where("delivery_id", "like", "%:3:%").execute();
      await trx.deleteFrom("deliveries").where("round", "=", 3).execute();
    });
    await expect
      .poll(async () => {
        await clock.advance(HOUR_MS);
        return roundsOf(LOCAL.chain);
      })
      .toEqual([1, 2, 3, 4]);
    await running.stop();
  });
});
