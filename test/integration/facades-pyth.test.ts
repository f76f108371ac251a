import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  addressOfContract,
  ask,
  createFacadeFixture,
  packedPythUpdate,
  pythUpdate,
  refusalOf,
  type FacadeFixture,
} from "../support/facade-fixture.ts";
import { evmEngines, type EvmEngine } from "../support/evm-engines.ts";
import { namedHash, namedKey, type TestFeed } from "../support/feed-fixture.ts";
import { createGroupFeed } from "../support/group-feed.ts";

const GOLD = 265_010_000_000n;
const ETHER = 10n ** 18n;
/** ETH/USD on Pyth's main networks: an id as consumers have it built in. */
const PYTH_ID = "0xff61491a931112ddf1bd8147cd1b641375f79f5825126d665480874634fd0ace";

describe.each(evmEngines)("the facade for Pyth on $name", ({ available, start }) => {
  const isThere = available("the facade for Pyth");
  let engine: EvmEngine;
  let fixture: FacadeFixture;
  beforeAll(async () => {
    if (!isThere) return;
    engine = await start();
    fixture = await createFacadeFixture(engine);
  }, 120_000);
  afterAll(async () => {
    fixture?.provider.destroy();
    await engine?.stop();
  });
  const feedWith = (name: string, values: readonly bigint[]) => fixture.feedWith(name, values);
  const timeOf = async (made: TestFeed): Promise<bigint> => (await made.latest())[2];

  it.runIf(isThere)("the published PythAggregatorV3 is updated and reads", async () => {
    const priced = await feedWith("pyth", [GOLD]);
    const { registry } = fixture.contracts;
    const pyth = await fixture.facade({ kind: "pyth", registry, remember: [priced.feedHash] });
    const consumer = await fixture.consumer(
      "PythAggregatorV3",
      await addressOfContract(pyth),
      priced.feedHash,
    );
    expect(await ask(consumer, "latestAnswer")).toEqual([GOLD]);
    expect(await ask(consumer, "decimals")).toEqual([8n]);
    const now = await fixture.now();
    const update = pythUpdate(await priced.message(2, { value: GOLD + 5n, observedAt: now }));
    const before = await fixture.provider.getBalance(fixture.userAddress);
    const receipt = await fixture.send(consumer, "updateFeeds", [[update]], { value: ETHER });
    expect(receipt.status).toBe(1);
    expect(await fixture.provider.getBalance(await pyth.getAddress())).toBe(0n);
    // What was sent along came back: only gas was paid.
    const after = await fixture.provider.getBalance(fixture.userAddress);
    expect(before - after).toBeLessThan(ETHER / 100n);
    const [log] = receipt.logs.flatMap((each) => pyth.interface.parseLog(each) ?? []);
    expect(log?.args.toArray()).toEqual([priced.feedHash, BigInt(now), GOLD + 5n, 0n]);
    expect(await ask(consumer, "latestAnswer")).toEqual([GOLD + 5n]);
    expect((await priced.latest())[0]).toBe(2n);
  });

  it.runIf(isThere)("a consumer pulls: updates and reads no older than a minute", async () => {
    const pulled = await fixture.feed("pulled", { keys: [namedKey("facades")] });
    const { registry } = fixture.contracts;
    const priceIds = [{ priceId: PYTH_ID, feedHash: pulled.feedHash }];
    const pyth = await fixture.facade({ kind: "pyth", registry, priceIds });
    const address = await addressOfContract(pyth);
    for (const [index, id] of [pulled.feedHash, PYTH_ID].entries()) {
      const consumer = await fixture.consumer("PythConsumer", address, id, false);
      const observedAt = (await fixture.now()) + index;
      const update = pythUpdate(await pulled.message(index + 1, { value: GOLD, observedAt }));
      const receipt = await fixture.send(consumer, "buy", [[update]]);
      expect(receipt.status).toBe(1);
      const [bought] = receipt.logs.flatMap((each) => consumer.interface.parseLog(each) ?? []);
      expect(bought?.args.toArray()).toEqual([GOLD * 10n ** 10n]);
      // The same once more: as with Pyth nobody fails because another one was first.
      expect((await fixture.send(consumer, "buy", [[update]])).status).toBe(1);
      expect((await pulled.latest())[0]).toBe(BigInt(index + 1));
    }
    expect(await ask(pyth, "aliasOf", PYTH_ID)).toEqual([pulled.feedHash]);
  });

  it.runIf(isThere)(
    "reads as Pyth does: freshness, no value, no such feed, no average",
    async () => {
      const { registry } = fixture.contracts;
      const pyth = await fixture.facade({ kind: "pyth", registry, validTimePeriod: 1_000_000 });
      const priced = await feedWith("fresh", [-7n]);
      const bare = await fixture.feed("nothing yet", { keys: [namedKey("facades")] });
      const time = await timeOf(priced);
      const price = [-7n, 0n, -8n, time];
      for (const [method, values] of [
        ["getPriceUnsafe", []],
        ["getPriceNoOlderThan", [100_000]],
        ["getPrice", []],
      ] as const) {
        const [answer] = await ask(pyth, method, priced.feedHash, ...values);
        expect(Array.from(answer as Iterable<unknown>), method).toEqual(price);
        expect(await refusalOf(pyth, method, [bare.feedHash, ...values])).toBe("PriceFeedNotFound");
        const unknown = namedHash("no such feed");
        expect(await refusalOf(pyth, method, [unknown, ...values])).toBe("PriceFeedNotFound");
      }
      const old = await fixture.feed("old", { keys: [namedKey("facades")] });
      const observedAt = (await fixture.now()) - 1_000;
      await fixture.push(old, await old.message(1, { observedAt }));
      expect(await refusalOf(pyth, "getPriceNoOlderThan", [old.feedHash, 900])).toBe("StalePrice");
      expect(await refusalOf(pyth, "getPriceNoOlderThan", [old.feedHash, 9_000])).toBeNull();
      expect(await ask(pyth, "priceFeedExists", priced.feedHash)).toEqual([true]);
      expect(await ask(pyth, "priceFeedExists", bare.feedHash)).toEqual([false]);
      expect(await ask(pyth, "getUpdateFee", ["0x"])).toEqual([0n]);
      const [query] = await ask(pyth, "queryPriceFeed", priced.feedHash);
      const [id, , ema] = query as [string, unknown, Iterable<unknown>];
      expect([id, ...ema]).toEqual([priced.feedHash, 0n, 0n, 0n, 0n]);
      for (const method of ["getEmaPriceUnsafe", "getEmaPrice"])
        expect(await refusalOf(pyth, method, [priced.feedHash])).toBe("PriceFeedNotFound");
      expect(await refusalOf(pyth, "getEmaPriceNoOlderThan", [priced.feedHash, 60])).toBe(
        "PriceFeedNotFound",
      );
    },
  );

  it.runIf(isThere)("updates only where it is necessary", async () => {
    const { registry } = fixture.contracts;
    const pyth = await fixture.facade({ kind: "pyth", registry });
    const made = await feedWith("necessary", [1n]);
    const time = Number(await timeOf(made));
    const update = pythUpdate(await made.message(2, { observedAt: time + 1 }));
    const method = "updatePriceFeedsIfNecessary";
    const ids = [made.feedHash];
    expect(await refusalOf(pyth, method, [[update], ids, [time]])).toBe("NoFreshUpdate");
    expect(await refusalOf(pyth, method, [[update], ids, []])).toBe("InvalidArgument");
    expect((await fixture.send(pyth, method, [[update], ids, [time + 1]])).status).toBe(1);
    expect((await made.latest())[0]).toBe(2n);
    const unknown = [namedHash("not there")];
    expect(await refusalOf(pyth, method, [[update], unknown, [0]])).toBeNull();
  });

  it.runIf(isThere)("parses prices of a range without storing them", async () => {
    const { registry } = fixture.contracts;
    const pyth = await fixture.facade({ kind: "pyth", registry });
    const made = await feedWith("parsed", [10n, 20n, 30n]);
    const latest = Number(await timeOf(made));
    const consumer = await fixture.consumer(
      "PythConsumer",
      await addressOfContract(pyth),
      made.feedHash,
      true,
    );
    // Round 2 again, as its bundle has it, after its validUntil: a past price stays a past price.
    const past = await made.message(2, {
      value: 20n,
      observedAt: latest - 1,
      validUntil: latest,
    });
    const range = [latest - 1, latest - 1];
    const paid = await fixture.send(consumer, "settle", [[pythUpdate(past)], ...range], {
      value: 5n,
    });
    const [bought] = paid.logs.flatMap((each) => consumer.interface.parseLog(each) ?? []);
    expect(bought?.args.toArray()).toEqual([20n * 10n ** 10n]);
    expect((await made.latest())[0]).toBe(3n);
    expect(await fixture.provider.getBalance(await consumer.getAddress())).toBe(5n);

    const call = (method: string, from: number, to: number) =>
      refusalOf(pyth, method, [[pythUpdate(past)], [made.feedHash], from, to]);
    const missing = "PriceFeedNotFoundWithinRange";
    expect(await call("parsePriceFeedUpdates", latest, latest + 9)).toBe(missing);
    expect(await call("parsePriceFeedUpdatesUnique", latest - 1, latest)).toBeNull();
    // Round 1 lies in this range already, so round 2 is not its first.
    expect(await call("parsePriceFeedUpdatesUnique", latest - 2, latest)).toBe(missing);
    expect(
      await refusalOf(pyth, "parsePriceFeedUpdates", [
        [pythUpdate(past)],
        [made.feedHash, namedHash("another")],
        0,
        latest,
      ]),
    ).toBe(missing);
    expect(await refusalOf(pyth, "parseTwapPriceFeedUpdates", [[], []])).toBe(
      "InvalidTwapUpdateData",
    );
  });

  it.runIf(isThere)("parses by choices: stores what is fresh, takes no surplus", async () => {
    const { registry } = fixture.contracts;
    const pyth = await fixture.facade({ kind: "pyth", registry });
    const made = await feedWith("choices", [10n, 20n]);
    const latest = Number(await timeOf(made));
    const next = await made.message(3, { value: 30n, observedAt: latest + 1 });
    const again = await made.message(2, { value: 20n, observedAt: latest });
    const method = "parsePriceFeedUpdatesWithConfig";
    const values = (updates: unknown[], minimal: boolean, store: boolean) => [
      updates.map((each) => pythUpdate(each as typeof next)),
      [made.feedHash],
      latest + 1,
      latest + 1,
      true,
      minimal,
      store,
    ];
    expect(await refusalOf(pyth, method, values([again, next], true, true))).toBe(
      "InvalidArgument",
    );
    const [prices, slots] = await ask(pyth, method, ...values([again, next], false, true));
    expect(Array.from(slots as Iterable<unknown>)).toEqual([3n]);
    const [[id, [price]]] = prices as [[string, [bigint]]];
    expect([id, price]).toEqual([made.feedHash, 30n]);
    const done = await fixture.send(pyth, method, values([again, next], false, true));
    expect([done.status, (await made.latest())[0]]).toEqual([1, 3n]);
  });

  it.runIf(isThere)(
    "takes packed updates, of a list and of a group, and a group's plain ones",
    async () => {
      const { registry } = fixture.contracts;
      const keys = ["p1", "p2", "p3"].map(namedKey);
      const made = await fixture.inBlocks(() =>
        createGroupFeed(fixture, "packed", { keys, threshold: 2, ringSize: 8 }),
      );
      const pyth = await fixture.facade({ kind: "pyth", registry });
      const now = await fixture.now();
      const set = await made.signerSet();
      const { group: _, ...list } = set;
      const signers = made.keys.slice(1);
      const byGroup = await made.groupMessage(1, { observedAt: now - 3, value: -1n });
      const again = await made.groupMessage(2, { observedAt: now - 2, value: 2n });
      const byList = await made.message(3, { observedAt: now - 1, value: 3n, signers });
      const items = [
        packedPythUpdate(byGroup, set),
        pythUpdate(again, "01"),
        packedPythUpdate(byList, list),
      ];
      for (const [index, item] of items.entries()) {
        const sent = await fixture.send(pyth, "updatePriceFeeds", [[item]]);
        expect([sent.status, (await made.latest())[0]]).toEqual([1, BigInt(index + 1)]);
      }
      // All of them once more: passed over, each after its signatures were checked.
      expect((await fixture.send(pyth, "updatePriceFeeds", [items])).logs).toEqual([]);
      const [prices] = await ask(
        pyth,
        "parsePriceFeedUpdates",
        items,
        [made.feedHash],
        now - 1,
        now,
      );
      expect((prices as [[string, [bigint]]])[0][1][0]).toBe(3n);
    },
  );
});
