import { beforeAll, describe, expect, it } from "vitest";
import { encodeSubmit } from "../../src/adapters/evm/encode-update.ts";
import { feedAbi } from "../../src/adapters/evm/feed-abi.ts";
import { deployConsumer, readConsumer } from "../../src/adapters/evm/gold-consumer.ts";
import { readKey, setKeyStatus } from "../../src/adapters/evm/register-key.ts";
import { startTestChain } from "../support/anvil.ts";
import {
  addressOf,
  createFeedFixture,
  namedKey,
  verifiers,
  WORKLOAD,
  type FeedFixture,
  type TestFeed,
} from "../support/feed-fixture.ts";

let fixture: FeedFixture;
beforeAll(async () => {
  fixture = await createFeedFixture(await startTestChain());
});

const publish = async (feed: TestFeed, round: number, change = {}): Promise<void> => {
  const sent = await feed.send(await feed.packed(await feed.message(round, change)));
  expect(sent).toHaveProperty("receipt");
};

describe("a feed on chain", () => {
  it("answers zeros while it has no round", async () => {
    const feed = await fixture.feed("empty", { keys: [namedKey("empty")] });
    expect(await feed.read("latestRoundData")).toEqual([0n, 0n, 0n, 0n, 0n]);
    expect(await feed.read("getRoundData", 1n)).toEqual([0n, 0n, 0n, 0n, 0n]);
    expect(await feed.read("decimals")).toEqual([8n]);
    expect(await feed.read("description")).toEqual(["empty"]);
  });

  it("announces a round as Chainlink's aggregators do and answers it", async () => {
    const feed = await fixture.feed("events", { keys: [namedKey("events")] });
    const message = await feed.message(1, { value: -42n });
    const sent = await feed.send(await feed.packed(message));
    if (!("receipt" in sent)) throw new Error(sent.code);
    const events = sent.receipt.logs.map((log) => {
      expect(log.address.toLowerCase()).toBe(feed.address);
      return feedAbi.parseLog(log);
    });
    const [round, , startedAt] = await feed.read("latestRoundData");
    expect(events.map((event) => event?.name)).toEqual(["NewRound", "AnswerUpdated"]);
    expect(events[0]?.args.toArray()[0]).toBe(1n);
    expect(String(events[0]?.args.toArray()[1]).toLowerCase()).toBe(fixture.account.signer.address);
    expect(events[1]?.args.toArray().slice(0, 2)).toEqual([-42n, 1n]);
    expect([round, startedAt]).toEqual([1n, events[1]?.args.toArray()[2]]);
  });

  it("keeps true rounds: superseded ones in the ring, and forgets the oldest", async () => {
    const feed = await fixture.feed("ring", { keys: [namedKey("ring")], ringSize: 2 });
    const now = await fixture.now();
    for (const round of [1, 2, 3, 5])
      await publish(feed, round, { value: BigInt(round * 100), observedAt: now + round });
    const rounds = await Promise.all(
      [1n, 2n, 3n, 4n, 5n, 6n, 2n ** 64n + 5n].map((id) => feed.read("getRoundData", id)),
    );
    const time = (round: number) => BigInt(now + round);
    expect(rounds).toEqual([
      [0n, 0n, 0n, 0n, 0n],
      [2n, 200n, time(2), time(2), 2n],
      [3n, 300n, time(3), time(3), 3n],
      [0n, 0n, 0n, 0n, 0n],
      [5n, 500n, time(5), time(5), 5n],
      [0n, 0n, 0n, 0n, 0n],
      [0n, 0n, 0n, 0n, 0n],
    ]);
  });

  it("keeps the latest only without a ring, and then announces no NewRound", async () => {
    const feed = await fixture.feed("latest only", { keys: [namedKey("latest")], ringSize: 0 });
    await publish(feed, 1);
    const sent = await feed.send(await feed.packed(await feed.message(2)));
    expect("receipt" in sent && sent.receipt.logs.length).toBe(1);
    expect(await feed.read("getRoundData", 1n)).toEqual([0n, 0n, 0n, 0n, 0n]);
    expect((await feed.latest())[0]).toBe(2n);
  });

  it("goes on answering when the value has long been stale", async () => {
    const feed = await fixture.feed("stale", { keys: [namedKey("stale")] });
    await publish(feed, 1);
    const before = await feed.latest();
    await fixture.chain.ask("evm_increaseTime", 40 * 86_400);
    await fixture.chain.ask("evm_mine");
    expect(await feed.latest()).toEqual(before);
  });

  it("takes any k of its n signers, in whatever order the envelope has them", async () => {
    const keys = ["k1", "k2", "k3", "k4"].map(namedKey);
    const feed = await fixture.feed("two of four", { keys, threshold: 2 });
    let round = 0;
    for (const [a, b] of [
      [0, 1],
      [3, 2],
      [2, 0],
      [1, 3],
    ] as const) {
      const signers = [feed.keys[a], feed.keys[b]].filter((key) => key !== undefined);
      await publish(feed, ++round, { signers });
    }
    expect((await feed.latest())[0]).toBe(4n);
  });

  it("takes payload and signatures as the envelope has them, through the plain entry", async () => {
    const keys = ["p1", "p2"].map(namedKey);
    const feed = await fixture.feed("plain entry", { keys });
    const message = await feed.message(1, { value: 7n });
    const reversed = { ...message, signatures: message.signatures.toReversed() };
    expect(await feed.send(encodeSubmit(reversed))).toHaveProperty("receipt");
    expect((await feed.latest()).slice(0, 2)).toEqual([1n, 7n]);
  });

  it("serves a consumer that knows Chainlink's interface only", async () => {
    const feed = await fixture.feed("consumer", { keys: [namedKey("consumer")] });
    const { account } = fixture;
    const consumer = await deployConsumer(account, { feed: feed.address, maxAgeSeconds: 3_600 });
    await expect(readConsumer(account, consumer)).rejects.toMatchObject({
      code: "ONCHAIN_REFUSED",
    });
    await publish(feed, 1, { value: 265_010_000_000n });
    expect(await readConsumer(account, consumer)).toEqual({ price: 265_010_000_000n, decimals: 8 });
  });
});

describe("keys", () => {
  it("are registered by verifiers, renewed with a later end, and marked as simulated", async () => {
    const key = namedKey("renewed");
    const notAfter = (await fixture.now()) + 100;
    await fixture.attest(key, { notAfter });
    const { keys } = fixture.contracts;
    expect(await readKey(fixture.account, keys, addressOf(key))).toMatchObject({
      workload: WORKLOAD,
      hardware: false,
      tee: 0,
      status: "ACTIVE",
      notAfter,
      nonce: 1n,
    });
    await fixture.attest(key, { notAfter: notAfter + 50, svn: 2 });
    expect(await readKey(fixture.account, keys, addressOf(key))).toMatchObject({
      svn: 2,
      notAfter: notAfter + 50,
      nonce: 2n,
    });
  });

  it("stop counting in every feed in the transaction that revokes them", async () => {
    const key = namedKey("revoked");
    const feeds = [
      await fixture.feed("revoked a", { keys: [key] }),
      await fixture.feed("revoked b", { keys: [key], ringSize: 0 }),
    ];
    const pending = await Promise.all(
      feeds.map(async (feed) => await feed.packed(await feed.message(1))),
    );
    await setKeyStatus(fixture.account, fixture.contracts.keys, {
      key: addressOf(key),
      status: "COMPROMISED",
    });
    for (const [index, feed] of feeds.entries()) {
      expect(await feed.refusal(pending[index] ?? "0x")).toBe("ONCHAIN_KEY_NOT_ACTIVE");
      expect((await feed.signerSet()).members).toEqual([]);
    }
  });

  it("leave a feed that has signers to spare running", async () => {
    const keys = ["s1", "s2", "s3"].map(namedKey);
    const feed = await fixture.feed("to spare", { keys, threshold: 2 });
    const [gone, ...rest] = feed.keys;
    if (!gone) throw new Error("no key");
    const stale = await feed.packed(await feed.message(1, { signers: feed.keys.slice(0, 2) }));
    const change = { key: addressOf(gone), status: "OFFLINE" } as const;
    await setKeyStatus(fixture.account, fixture.contracts.keys, change, verifiers.slice(1));
    expect(await feed.refusal(stale)).toBe("ONCHAIN_KEY_NOT_ACTIVE");
    await publish(feed, 1, { signers: rest });
    await setKeyStatus(fixture.account, fixture.contracts.keys, { ...change, status: "ACTIVE" });
    await publish(feed, 2, { signers: feed.keys.slice(0, 2) });
  });

  it("stop counting when their attestation ends, and count again when it is renewed", async () => {
    const key = namedKey("expiring");
    const feed = await fixture.feed("expiring", { keys: [key] });
    await fixture.attest(key, { notAfter: (await fixture.now()) + 50 });
    await publish(feed, 1);
    await fixture.chain.ask("evm_increaseTime", 60);
    await fixture.chain.ask("evm_mine");
    const late = await feed.message(2);
    expect(await feed.refusal(await feed.packed(late))).toBe("ONCHAIN_KEY_EXPIRED");
    expect(await feed.refusal(encodeSubmit(late))).toBe("ONCHAIN_KEY_EXPIRED");
    await fixture.attest(key);
    await publish(feed, 2);
  });
});
