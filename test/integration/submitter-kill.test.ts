import { beforeAll, describe, expect, it } from "vitest";
import type { Delivery } from "../../src/adapters/contract/chain-adapter.ts";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import type { Store } from "../../src/store/store.ts";
import { startTestChain } from "../support/anvil.ts";
import { createFeedFixture, type FeedFixture } from "../support/feed-fixture.ts";
import { openSubmissionStage } from "../support/submission-stage.ts";

let fixture: FeedFixture;
beforeAll(async () => {
  fixture = await createFeedFixture(await startTestChain());
});

/** A database as a process sees it that dies after `commits` commits: nothing that it does later is written. */
const dyingStore = (store: Store, commits: number): Store & { readonly isDead: () => boolean } => {
  let left = commits;
  return {
    ...store,
    db: store.db,
    isDead: () => left <= 0,
    transaction: async (work, options) => {
      if (left <= 0) throw fabricError("STORE_CLOSED", {});
      left -= 1;
      return await store.transaction(work, options);
    },
  };
};

const ROUNDS = 3;

describe("a process that dies", { timeout: 60_000 }, () => {
  it.each(Array.from({ length: 16 }, (_, commits) => commits))(
    "after %i commits leaves everything to the next one: each round lands once, in order",
    async (commits) => {
      const { store, open, round, feed, count, attempts, jobs } =
        await openSubmissionStage(fixture);
      const deliveries: Delivery[] = [];
      for (let number = 1; number <= ROUNDS; number += 1) deliveries.push(await round(number));
      const dying = dyingStore(store, commits);
      const first = open(dying);
      const carry = async (adapter: ReturnType<typeof open>) => {
        for (const delivery of deliveries) await adapter.prepare(delivery);
        return await Promise.all(deliveries.map(({ id }) => adapter.settle(id)));
      };
      const carried = carry(first).catch(() => null);
      await expect
        .poll(async () => dying.isDead() || (await first.unfinished()).length === 0, {
          timeout: 10_000,
          interval: 5,
        })
        .toBe(true);
      await first.close();
      await carried;

      const heir = open();
      const records = await carry(heir);
      expect(records.map(({ status, error }) => [status, error])).toEqual(
        records.map(() => ["final", null]),
      );
      expect((await feed.latest())[0]).toBe(BigInt(ROUNDS));
      // No transaction more than rounds: what was signed before is what landed.
      expect(await count()).toBe(ROUNDS);
      const hashes = (await attempts()).map(({ hash }) => hash);
      expect(new Set(hashes).size).toBe(hashes.length);
      expect((await jobs()).filter(({ state }) => state === "done").length).toBe(ROUNDS);
      await heir.close();
    },
  );
});
