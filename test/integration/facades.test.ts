import { createRequire } from "node:module";
import { getBytes, Interface, toUtf8Bytes, encodeBytes32String, sha256, concat } from "ethers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readFeedFacts } from "../../src/adapters/evm/deploy-facade.ts";
import { api3Abi, chronicleAbi, forwarderAbi, pythAbi } from "../../src/adapters/evm/facade-abi.ts";
import { facadeContracts } from "../../src/adapters/evm/facade-kinds.ts";
import {
  addressOfContract,
  ask,
  createFacadeFixture,
  refusalOf,
  shippedAbi,
  type FacadeFixture,
} from "../support/facade-fixture.ts";
import { evmEngines, type EvmEngine } from "../support/evm-engines.ts";
import { namedKey, WORKLOAD, type TestFeed } from "../support/feed-fixture.ts";
import { createGroupFeed } from "../support/group-feed.ts";

const require = createRequire(import.meta.url);
const GOLD = 265_010_000_000n;

describe("the ABIs", () => {
  const pythPublished = new Interface(require("@pythnetwork/pyth-sdk-solidity/abis/IPyth.json"));
  const abstractPyth = new Interface(
    require("@pythnetwork/pyth-sdk-solidity/abis/AbstractPyth.json"),
  );
  const errors = new Interface(require("@pythnetwork/pyth-sdk-solidity/abis/PythErrors.json"));
  const signature = (abi: Interface, name: string) => {
    const found = abi.getFunction(name);
    // What consumers compile in: selector, and the types of the answer. A read that is pure instead of view is called alike.
    return [found?.selector, found?.outputs.map((type) => type.format("sighash")), found?.payable];
  };

  it("of Pyth's facade holds every function and event that Pyth publishes", () => {
    const own = shippedAbi("PythFacade");
    for (const abi of [pythPublished, abstractPyth])
      abi.forEachFunction(({ name, payable }) => {
        if (name === "parseTwapPriceFeedUpdates")
          expect(own.getFunction(name)?.selector).toBe(abi.getFunction(name)?.selector);
        else expect([name, ...signature(own, name)]).toEqual([name, ...signature(abi, name)]);
        expect(own.getFunction(name)?.payable).toBe(payable);
      });
    expect(own.getEvent("PriceFeedUpdate")?.topicHash).toBe(
      pythPublished.getEvent("PriceFeedUpdate")?.topicHash,
    );
  });

  it("has Pyth's errors under Pyth's selectors", () => {
    const own = shippedAbi("PythFacade");
    const selectors = {
      StalePrice: "0x19abf40e",
      NoFreshUpdate: "0xde2c57fa",
      PriceFeedNotFoundWithinRange: "0x45805f5d",
      PriceFeedNotFound: "0x14aebe68",
      InvalidUpdateData: "0xe69ffece",
      InvalidArgument: "0xa9cb9e0d",
    };
    for (const [name, selector] of Object.entries(selectors)) {
      expect(own.getError(name)?.selector, name).toBe(selector);
      expect(errors.getError(name)?.selector, name).toBe(selector);
    }
  });

  it("that TypeScript uses are the compiler's", () => {
    const pairs = [
      [pythAbi, "pyth"],
      [api3Abi, "api3"],
      [chronicleAbi, "chronicle"],
      [forwarderAbi, "forwarder"],
    ] as const;
    for (const [abi, kind] of pairs) {
      const compiled = shippedAbi(facadeContracts[kind]);
      abi.forEachFunction(({ name }) => {
        expect(signature(abi, name)).toEqual(signature(compiled, name));
      });
      abi.forEachEvent(({ name }) => {
        expect(abi.getEvent(name)?.format("full")).toBe(compiled.getEvent(name)?.format("full"));
      });
    }
    const published = new Interface(
      require("@chainlink/contracts/abi/v0.8/KeystoneForwarder.json"),
    );
    for (const part of ["report"] as const)
      expect(forwarderAbi.getFunction(part)?.selector).toBe(published.getFunction(part)?.selector);
    expect(forwarderAbi.getEvent("ReportProcessed")?.topicHash).toBe(
      published.getEvent("ReportProcessed")?.topicHash,
    );
  });
});

describe.each(evmEngines)("facades on $name", ({ available, start }) => {
  const isThere = available("facades");
  let engine: EvmEngine;
  let fixture: FacadeFixture;
  let feed: TestFeed;
  beforeAll(async () => {
    if (!isThere) return;
    engine = await start();
    fixture = await createFacadeFixture(engine);
    feed = await fixture.feed("XAU / USD", { keys: [namedKey("facades")] });
  }, 120_000);
  afterAll(async () => {
    fixture?.provider.destroy();
    await engine?.stop();
  });

  const feedWith = (name: string, values: readonly bigint[]) => fixture.feedWith(name, values);
  const timeOf = async (made: TestFeed): Promise<bigint> => (await made.latest())[2];

  describe("Chainlink", () => {
    it.runIf(isThere)(
      "the published FeedConsumer reads true rounds, negative ones too",
      async () => {
        const rounds = await feedWith("negative", [100n, -200n, -300n]);
        const consumer = await fixture.consumer("FeedConsumer", rounds.address);
        const time = await timeOf(rounds);
        expect(await ask(consumer, "latestRoundData")).toEqual([3n, -300n, time, time, 3n]);
        expect(await ask(consumer, "latestAnswer")).toEqual([-300n]);
        expect(await ask(consumer, "latestRound")).toEqual([3n]);
        expect(await ask(consumer, "latestTimestamp")).toEqual([time]);
        expect(await ask(consumer, "getRoundData", 2)).toEqual([
          2n,
          -200n,
          time - 1n,
          time - 1n,
          2n,
        ]);
        expect(await ask(consumer, "getAnswer", 1)).toEqual([100n]);
        expect(await ask(consumer, "getTimestamp", 1)).toEqual([time - 2n]);
        expect(await ask(consumer, "decimals")).toEqual([8n]);
        expect(await ask(consumer, "description")).toEqual(["negative"]);
      },
    );

    it.runIf(isThere)("answers zeros for unknown and future rounds and never reverts", async () => {
      const rounds = await feedWith("sparse", [100n]);
      const consumer = await fixture.consumer("FeedConsumer", rounds.address);
      const empty = [0n, 0n, 0n, 0n, 0n];
      for (const round of [0n, 2n, 4_294_967_296n, 2n ** 80n - 1n])
        expect(await ask(consumer, "getRoundData", round), String(round)).toEqual(empty);
      expect(await ask(consumer, "getAnswer", 2n ** 256n - 1n)).toEqual([0n]);
      expect(await ask(consumer, "getTimestamp", 2n ** 256n - 1n)).toEqual([0n]);
      const bare = await fixture.feed("bare", { keys: [namedKey("facades")] });
      const silent = await fixture.consumer("FeedConsumer", bare.address);
      expect(await ask(silent, "latestRoundData")).toEqual(empty);
    });
  });

  describe("API3", () => {
    it.runIf(isThere)("the published OevAuctionHouse takes its rates from two feeds", async () => {
      // As compiled by API3: package @api3/contracts has the bytecode for its users.
      const { OevAuctionHouse__factory: published } =
        require("@api3/contracts/dist/typechain-types/factories/api3-server-v1/OevAuctionHouse__factory.js") as {
          OevAuctionHouse__factory: { readonly abi: readonly unknown[]; readonly bytecode: string };
        };
      const house = await fixture.deployPublished(
        published,
        fixture.contracts.registry,
        "auction house",
        fixture.userAddress,
      );
      const collateral = await feedWith("ETH / USD", [4_000_00000000n]);
      const native = await feedWith("XDAI / USD", [1_00000000n]);
      const proxies = [];
      for (const each of [collateral, native])
        proxies.push(
          await addressOfContract(await fixture.facade({ kind: "api3", feed: each.address })),
        );
      await fixture.send(house, "setCollateralInBasisPoints", [1_000]);
      await fixture.send(house, "setCollateralRateProxy", [proxies[0]]);
      await fixture.send(house, "setChainNativeCurrencyRateProxy", [100, proxies[1]]);
      // A bid of 4,000 xDAI is worth one ether; a tenth of it is the collateral.
      const bid = 4_000n * 10n ** 18n;
      const amounts = await ask(house, "getCurrentCollateralAndProtocolFeeAmounts", 100, bid);
      expect(amounts).toEqual([10n ** 17n, 0n]);
    });

    it.runIf(isThere)(
      "reads with 18 decimals, whatever the sign, and reverts without a value",
      async () => {
        const made = await feedWith("power", [-12_345n]);
        const facade = await fixture.facade({ kind: "api3", feed: made.address });
        const consumer = await fixture.consumer("Api3Consumer", await facade.getAddress());
        const expected = [-12_345n * 10n ** 10n, await timeOf(made)];
        expect(await ask(facade, "read")).toEqual(expected);
        expect(await ask(consumer, "price")).toEqual(expected);
        const bare = await fixture.feed("no rate", { keys: [namedKey("facades")] });
        const empty = await fixture.facade({ kind: "api3", feed: bare.address });
        expect(await refusalOf(empty, "read", [])).toBe("DataFeedIsNotInitialized");
      },
    );

    it.runIf(isThere)("of other feeds cuts surplus decimals and never wraps", async () => {
      const cases = [
        [0n, 5n, 5n * 10n ** 18n],
        [18n, -5n, -5n],
        [20n, 299n, 2n],
        [20n, -299n, -2n],
        [36n, 10n ** 24n, 10n ** 6n],
      ] as const;
      for (const [decimals, value, expected] of cases) {
        const other = await fixture.consumer("MockV3Aggregator", decimals, value);
        const facade = await fixture.facade({ kind: "api3", feed: await addressOfContract(other) });
        expect((await ask(facade, "read"))[0], `${value} e-${decimals}`).toBe(expected);
      }
      const wide = await fixture.consumer("MockV3Aggregator", 18, 2n ** 200n);
      const address = await addressOfContract(wide);
      for (const plan of [
        { kind: "api3", feed: address },
        { kind: "chronicle", feed: address, wat: "WIDE" },
      ] as const)
        expect(await refusalOf(await fixture.facade(plan), "read", [])).toBe("ValueDoesNotFit");
      const fine = await fixture.consumer("MockV3Aggregator", 37, 1);
      const refused = fixture.facade({ kind: "api3", feed: await addressOfContract(fine) });
      await expect(refused).rejects.toMatchObject({ code: "DEPLOYMENT_FAILED" });
    });
  });

  describe("Chronicle", () => {
    it.runIf(isThere)(
      "a consumer reads with 18 decimals, and learns when there is no value",
      async () => {
        const made = await feedWith("XAU/USD of Chronicle", [GOLD]);
        const plan = { kind: "chronicle", feed: made.address, wat: "XAU/USD" } as const;
        const facade = await fixture.facade(plan);
        const consumer = await fixture.consumer("ChronicleConsumer", await facade.getAddress());
        const scaled = GOLD * 10n ** 10n;
        const time = await timeOf(made);
        expect(await ask(facade, "wat")).toEqual([encodeBytes32String("XAU/USD")]);
        expect(await ask(facade, "read")).toEqual([scaled]);
        expect(await ask(facade, "readWithAge")).toEqual([scaled, time]);
        expect(await ask(facade, "tryRead")).toEqual([true, scaled]);
        expect(await ask(facade, "tryReadWithAge")).toEqual([true, scaled, time]);
        expect(await ask(consumer, "worth", 2n * 10n ** 18n)).toEqual([2n * scaled]);
        expect(await ask(consumer, "worthOrNothing", 10n ** 18n)).toEqual([scaled]);

        const bare = await fixture.feed("no price", { keys: [namedKey("facades")] });
        const empty = await fixture.facade({ kind: "chronicle", feed: bare.address, wat: "NONE" });
        // As Chronicle's own: without a word.
        expect(await refusalOf(empty, "read", [])).toBe("no data");
        expect(await ask(empty, "tryReadWithAge")).toEqual([false, 0n, 0n]);

        const below = await feedWith("below zero", [-1n]);
        const negative = await fixture.facade({
          kind: "chronicle",
          feed: below.address,
          wat: "NEG",
        });
        expect(await refusalOf(negative, "read", [])).toBe("ValueDoesNotFit");
        expect(await ask(negative, "tryRead")).toEqual([false, 0n]);
      },
    );
  });

  describe("Keystone", () => {
    /** What the facade says a workflow is called: first ten hex characters of the description's SHA-256. */
    const nameOf = (text: string): string =>
      concat([toUtf8Bytes(sha256(toUtf8Bytes(text)).slice(2, 12))]);

    it.runIf(isThere).each([
      ["KeystoneFeedsConsumer", true],
      ["KeystoneReceiver", false],
    ] as const)("the published %s takes a price", async (contract, allowWithoutErc165) => {
      const { registry } = fixture.contracts;
      const made = await fixture.feed(`report to ${contract}`, { keys: [namedKey("facades")] });
      const plan = { kind: "forwarder", registry, allowWithoutErc165 } as const;
      const forwarder = await fixture.facade({ ...plan, remember: [made.feedHash] });
      const consumer = await fixture.consumer(contract);
      const names = [nameOf(`report to ${contract}`)];
      await fixture.send(consumer, "setConfig", [
        [await forwarder.getAddress()],
        [registry],
        names,
      ]);
      const observedAt = await fixture.now();
      const { payload, signatures } = await made.message(1, { value: GOLD, observedAt });
      const receiver = await consumer.getAddress();
      const receipt = await fixture.send(forwarder, "report", [
        receiver,
        payload,
        "0x",
        signatures,
      ]);
      const [processed] = receipt.logs.flatMap((each) => forwarder.interface.parseLog(each) ?? []);
      expect(processed?.args.toArray().slice(2)).toEqual(["0x0001", true]);
      expect(await ask(consumer, "getPrice", made.feedHash)).toEqual([
        GOLD * 10n ** 10n,
        BigInt(observedAt),
      ]);
      expect(await ask(forwarder, "latestDelivery", receiver, made.feedHash)).toEqual([
        1n,
        BigInt(observedAt),
        1n,
      ]);
    });

    it.runIf(isThere)("takes a group's signature", async () => {
      const { registry } = fixture.contracts;
      const keys = ["k1", "k2", "k3"].map(namedKey);
      const made = await fixture.inBlocks(() =>
        createGroupFeed(fixture, "reports of a group", { keys, threshold: 2 }),
      );
      const forwarder = await fixture.facade({ kind: "forwarder", registry });
      const receiver = await fixture.consumer("HostileReceiver");
      const { payload, signatures } = await made.groupMessage(1, { value: GOLD });
      const words = [await receiver.getAddress(), payload, "0x", signatures];
      expect((await fixture.send(forwarder, "report", words)).status).toBe(1);
      expect(await ask(receiver, "taken")).toEqual([1n]);
    });

    it.runIf(isThere)("packs the metadata as published", async () => {
      const { registry } = fixture.contracts;
      const made = await fixture.feed("metadata", { keys: [namedKey("facades")] });
      const forwarder = await fixture.facade({ kind: "forwarder", registry });
      const recorder = await fixture.consumer("HostileReceiver");
      const { payload, signatures } = await made.message(1, { value: GOLD });
      await fixture.send(forwarder, "report", [
        await recorder.getAddress(),
        payload,
        "0x",
        signatures,
      ]);
      const [metadata] = await ask(recorder, "metadata");
      expect(metadata).toBe(concat([WORKLOAD, nameOf("metadata"), registry, "0x0001"]));
      expect(getBytes(String(metadata))).toHaveLength(64);
    });
  });

  it.runIf(isThere)("a feed says who it is, an account does not", async () => {
    expect(await readFeedFacts(fixture.account, feed.address)).toEqual({
      registry: fixture.contracts.registry,
      feedHash: feed.feedHash,
      description: "XAU / USD",
      decimals: 8,
    });
    await expect(
      readFeedFacts(fixture.account, fixture.account.signer.address),
    ).rejects.toMatchObject({ code: "DEPLOYMENT_FAILED" });
  });
});
