import { beforeAll, describe, expect, it } from "vitest";
import { concat, dataSlice } from "ethers";
import { setFeedGroup } from "../../src/adapters/evm/register-group.ts";
import { setKeyStatus } from "../../src/adapters/evm/register-key.ts";
import { registryAbi } from "../../src/adapters/evm/feed-abi.ts";
import { startTestChain } from "../support/anvil.ts";
import {
  addressOf,
  byAddress,
  createFeedFixture,
  namedKey,
  type FeedFixture,
  type TestFeed,
} from "../support/feed-fixture.ts";
import { createGroupFeed } from "../support/group-feed.ts";
import { createPullConsumer, pullAbi, type PullConsumer } from "../support/pull-fixture.ts";

let fixture: FeedFixture;
beforeAll(async () => {
  fixture = await createFeedFixture(await startTestChain());
});

const make = async (
  name: string,
  change: { count?: number; threshold?: number; maxAge?: number; maxSetAge?: number } = {},
): Promise<{ feed: TestFeed; consumer: PullConsumer }> => {
  const { count = 1, threshold = count, ...ages } = change;
  const keys = ["a", "b", "c"].slice(0, count).map((each) => namedKey(`${name} ${each}`));
  const feed = await fixture.feed(name, { keys, threshold });
  const { feedHash } = feed;
  return {
    feed,
    consumer: await createPullConsumer(fixture, { feedHash, keys, threshold, ...ages }),
  };
};
const use = async (consumer: PullConsumer, data: string): Promise<void> => {
  await fixture.account.send("use", { to: consumer.address, data });
};
const wait = async (seconds: number): Promise<void> => {
  await fixture.chain.ask("evm_increaseTime", seconds);
  await fixture.chain.ask("evm_mine");
};

describe("a consumer that pulls", () => {
  it("takes what its signers signed, any k of n of them, without a feed being updated", async () => {
    const { feed, consumer } = await make("pull k of n", { count: 3, threshold: 2 });
    for (const signers of [feed.keys.slice(0, 2), feed.keys.slice(1)]) {
      const message = await feed.message(1, { value: -77n, signers });
      expect(await consumer.outcome(await consumer.call("check", message))).toBe(-77n);
    }
    expect((await feed.latest())[0]).toBe(0n);
  });

  it("takes a group's signature, and the list's beside it", async () => {
    const keys = ["g1", "g2"].map(namedKey);
    const feed = await createGroupFeed(fixture, "pull group", { keys });
    const { feedHash } = feed;
    const consumer = await createPullConsumer(fixture, { feedHash, keys, threshold: 2 });
    await fixture.account.send("group", {
      to: consumer.address,
      data: pullAbi.encodeFunctionData("setGroup", [feed.group.address]),
    });
    const grouped = await consumer.call("check", await feed.groupMessage(1, { value: 5n }));
    expect(await consumer.outcome(grouped)).toBe(5n);
    const listed = await consumer.call("check", await feed.message(1, { value: 6n }));
    expect(await consumer.outcome(listed)).toBe(6n);
    const other = { ...(await feed.groupMessage(1)), signatures: [new Uint8Array(52).fill(7)] };
    expect(await consumer.outcome(await consumer.call("check", other))).toBe(
      "InvalidGroupSignature",
    );
    await setFeedGroup(fixture.account, fixture.contracts.registry, { feedHash, group: null });
    // The feed's own group is the feed's business.
    expect(await consumer.outcome(grouped)).toBe(5n);
  });

  it("refuses the older of two valid messages once it saw the newer", async () => {
    const { feed, consumer } = await make("pull older");
    const now = await fixture.now();
    const older = await consumer.call("useNewer", await feed.message(1, { observedAt: now - 20 }));
    const newer = await consumer.call("useNewer", await feed.message(2, { observedAt: now - 10 }));
    // Before it saw any, both are as good as each other: that is what _pull alone cannot know.
    for (const data of [older, newer]) expect(await consumer.outcome(data)).toBe(0n);
    await use(consumer, newer);
    for (const data of [older, newer])
      expect(await consumer.outcome(data)).toBe("ObservationNotNewer");
    const [checkOld, checkNew] = [older, newer].map((data) =>
      concat([pullAbi.getFunction("check")?.selector ?? "0x", dataSlice(data, 4)]),
    );
    expect(await consumer.outcome(checkOld ?? "0x")).toBe("ObservationNotNewer");
    expect(typeof (await consumer.outcome(checkNew ?? "0x"))).toBe("bigint");
    const sameRound = await feed.message(2, { observedAt: now - 5 });
    expect(await consumer.outcome(await consumer.call("useNewer", sameRound))).toBe(
      "ObservationNotNewer",
    );
  });

  it("is not left without round numbers by a key that it trusts", async () => {
    const { feed, consumer } = await make("pull jump");
    const now = await fixture.now();
    const at = async (round: number, observedAt: number) =>
      await consumer.call("useNewer", await feed.message(round, { observedAt }));
    await use(consumer, await at(3, now - 20));
    for (const round of [0xffff_ffff, 3 + 65_536 + 10_001])
      expect(await consumer.outcome(await at(round, now - 10))).toBe("ObservationTooFar");
    await use(consumer, await at(3 + 65_536 + 10_000, now - 10));
  });

  it("refuses what is too old, past, ahead of time, altered, or not of its length", async () => {
    const { feed, consumer } = await make("pull times", { count: 2, maxAge: 100 });
    const now = await fixture.now();
    const cases = [
      [{ observedAt: now - 200 }, "ObservationTooOld"],
      [{ observedAt: now - 50, validUntil: now - 10 }, "ObservationPast"],
      [{ observedAt: now + 500, validUntil: now + 600 }, "ObservationFutureDated"],
    ] as const;
    for (const [change, name] of cases) {
      const data = await consumer.call("check", await feed.message(1, change));
      expect(await consumer.outcome(data)).toBe(name);
    }
    const good = await consumer.call("check", await feed.message(1));
    expect(await consumer.outcome(`${good}00`)).toBe("WrongLength");
    expect(await consumer.outcome(dataSlice(good, 0, 197))).toBe("WrongLength");
    const altered = concat([dataSlice(good, 0, 40), "0xff", dataSlice(good, 41)]);
    expect(await consumer.outcome(altered)).toBe("UnknownSigner");
  });

  it("refuses when nobody looked at the keys for too long, until anybody does", async () => {
    const { feed, consumer } = await make("pull set age", { maxSetAge: 100 });
    await wait(200);
    const data = await consumer.call("check", await feed.message(1));
    expect(await consumer.outcome(data)).toBe("SignersNotRefreshed");
    await use(consumer, pullAbi.encodeFunctionData("refreshSigners"));
    expect(typeof (await consumer.outcome(data))).toBe("bigint");
  });
});

describe("revocation reaches a consumer that pulls", () => {
  const watch = async (consumer: PullConsumer, feed: TestFeed) => {
    const { account, contracts } = fixture;
    const data = registryAbi.encodeFunctionData("watch", [
      consumer.address,
      byAddress(feed.keys).map(addressOf),
    ]);
    await account.send("watch", { to: contracts.registry, data });
  };

  it("in the revoking transaction, where it is a watcher", async () => {
    const { feed, consumer } = await make("pull revoked");
    await watch(consumer, feed);
    const data = await consumer.call("check", await feed.message(1, { value: 9n }));
    expect(await consumer.outcome(data)).toBe(9n);
    const [key] = feed.keys.map(addressOf);
    if (!key) throw new Error("no key");
    await setKeyStatus(fixture.account, fixture.contracts.keys, { key, status: "COMPROMISED" });
    expect(await consumer.outcome(data)).toBe("KeyNotActive");
  });

  it("by anybody's refresh where it is not, and by expiry without one", async () => {
    const { feed, consumer } = await make("pull unwatched");
    const [key] = feed.keys.map(addressOf);
    if (!key) throw new Error("no key");
    const data = await consumer.call("check", await feed.message(1, { value: 9n }));
    await setKeyStatus(fixture.account, fixture.contracts.keys, { key, status: "OFFLINE" });
    expect(await consumer.outcome(data)).toBe(9n);
    await use(consumer, pullAbi.encodeFunctionData("refreshSigners"));
    expect(await consumer.outcome(data)).toBe("KeyNotActive");
    await setKeyStatus(fixture.account, fixture.contracts.keys, { key, status: "ACTIVE" });
    await fixture.attest(feed.keys[0] ?? namedKey("x"), { notAfter: (await fixture.now()) + 50 });
    await use(consumer, pullAbi.encodeFunctionData("refreshSigners"));
    const renewed = await consumer.call("check", await feed.message(1, { value: 9n }));
    expect(await consumer.outcome(renewed)).toBe(9n);
    await wait(60);
    expect(await consumer.outcome(renewed)).toBe("KeyExpired");
  });
});
