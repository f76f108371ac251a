import { Contract, JsonRpcProvider, NonceManager, Wallet } from "ethers";
import {
  BaseError,
  createPublicClient,
  createWalletClient,
  http,
  parseAbi,
  parseEventLogs,
  type Abi,
  type Hex,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { foundry } from "viem/chains";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pullArguments, withCryptlets } from "../../src/client/ethers/index.ts";
import { isFabricError } from "../../src/core/errors/fabric-error.ts";
import { cryptletActions, type CryptletCallOptions } from "../../src/client/viem/index.ts";
import {
  createChainClientFixture,
  lookupAbi,
  oracleProbeAbi,
  type ChainClientFixture,
} from "../support/chain-client-fixture.ts";
import { createFeedFixture, type FeedFixture } from "../support/feed-fixture.ts";
import { evmEngines, type EvmEngine } from "../support/evm-engines.ts";
import { ANVIL_SECRETS, connectTestChain } from "../support/test-chain.ts";

const viemAbi = (lines: typeof lookupAbi): Abi =>
  parseAbi(
    lines.format(false).filter((line) => line.startsWith("function") || line.startsWith("event")),
  );

describe.each(evmEngines)("contracts that ask, on $name", ({ available, start }) => {
  if (!available("contracts that ask")) return;
  let engine: EvmEngine;
  let stage: ChainClientFixture;
  let fixture: FeedFixture;
  let provider: JsonRpcProvider;
  let clock = 0;
  beforeAll(async () => {
    engine = await start();
    engine.autoMine(50);
    fixture = await createFeedFixture(
      connectTestChain({ url: engine.rpcUrl, stop: () => Promise.resolve() }),
    );
    stage = await createChainClientFixture(fixture);
    provider = new JsonRpcProvider(engine.rpcUrl, undefined, {
      cacheTimeout: -1,
      pollingInterval: 50,
    });
    clock = (await fixture.now()) - 3_000;
  });
  afterAll(async () => {
    provider?.destroy();
    await stage?.close();
    await engine?.stop();
  });
  /** An age, s, that the next round has and the rounds before it have not: sources move by a minute at a time. */
  const nextMinute = async (): Promise<bigint> => {
    clock += 60;
    return BigInt((await fixture.now()) - clock + 30);
  };
  /** Another second for each round; never ahead of the chain. */
  const publish = (feed: "power" | "gold", text: string): number => {
    clock += 1;
    return stage.publish(feed, text, clock);
  };
  const options = (): Omit<CryptletCallOptions, "contracts"> => ({
    client: stage.client,
    trust: stage.trust,
    feeds: ["power", "gold"],
    oracles: [stage.oracle],
    now: () => clock * 1_000,
  });
  const signer = (index: 1 | 2) => new NonceManager(new Wallet(ANVIL_SECRETS[index], provider));
  const usedBy = async (to: string, hash: string) => {
    const receipt = await provider.waitForTransaction(hash);
    const logs = (receipt?.logs ?? []).filter(({ address }) => address.toLowerCase() === to);
    return logs.map((log) => lookupAbi.parseLog(log)?.args.toArray());
  };
  /** EthereumJS estimates what is used, without the 63/64 that a contract's call needs to have left. */
  const gas = () => (engine.name === "ethereumjs" ? { gasLimit: 1_000_000n } : {});
  const from = (index: 1 | 2) => new Wallet(ANVIL_SECRETS[index]).address;

  describe("through ethers", () => {
    const consumer = (runner: JsonRpcProvider | NonceManager = provider, change = {}) =>
      withCryptlets(new Contract(stage.lookup, lookupAbi, runner), { ...options(), ...change });
    const probe = (runner: JsonRpcProvider | NonceManager = provider, change = {}) =>
      withCryptlets(new Contract(stage.oracleProbe, oracleProbeAbi, runner), {
        ...options(),
        ...change,
      });

    it("reads by EIP-3668 and by pull, below zero too", async () => {
      publish("power", "-12.5");
      const [value, observedAt] = (await consumer().getFunction("priceOf")(3n)) as bigint[];
      expect([value, observedAt]).toEqual([-3_750_000_000n, BigInt(clock)]);
      const pulled: unknown = await consumer().getFunction("pricePulled")(
        ...pullArguments("power"),
      );
      expect(pulled).toBe(-1_250_000_000n);
    });

    it("reads by ERC-7412 what nobody wrote, one feed and several", async () => {
      publish("power", "-1");
      publish("gold", "2650.1");
      const { power, gold } = stage.feeds;
      expect(await probe().getFunction("price")(power.feedHash, 3_600n)).toBe(-100_000_000n);
      const hashes = [power.feedHash, gold.feedHash, power.feedHash];
      const values: unknown = await probe().getFunction("prices")(hashes, 3_600n);
      expect([...(values as bigint[])]).toEqual([-100_000_000n, 265_010_000_000n, -100_000_000n]);
      // Nothing was sent.
      expect((await power.latest())[0]).toBe(0n);
    });

    it("sends by EIP-3668 and by pull, as its own account", async () => {
      publish("power", "7");
      const sent = await consumer(signer(1)).getFunction("settle")(5n, gas());
      expect(await usedBy(stage.lookup, sent.hash)).toEqual([
        [from(1), 700_000_000n, BigInt(clock), 5n],
      ]);
      publish("power", "8");
      const pull = await consumer(signer(1)).getFunction("settlePulled")(
        6n,
        ...pullArguments("power"),
      );
      expect(await usedBy(stage.lookup, pull.hash)).toEqual([
        [from(1), 800_000_000n, BigInt(clock), 6n],
      ]);
    });

    it("sends by ERC-7412: the update first, then the call as its own account", async () => {
      const round = publish("power", "-9");
      const { feedHash } = stage.feeds.power;
      const sent = await probe(signer(1)).getFunction("settle")(feedHash, 3_600n, gas());
      expect(await usedBy(stage.oracleProbe, sent.hash)).toEqual([
        [from(1), -900_000_000n, BigInt(clock), 0n],
      ]);
      expect((await stage.feeds.power.latest())[0]).toBe(BigInt(round));
      // What stands there is fresh enough: nothing is asked or sent.
      stage.asked.length = 0;
      const again = await probe(signer(1)).getFunction("settle")(feedHash, 3_600n, gas());
      expect((await usedBy(stage.oracleProbe, again.hash)).length).toBe(1);
      expect(stage.asked).toEqual([]);
    });

    it("pays a fee where it may, in one transaction, and no more than it may", async () => {
      publish("gold", "-3");
      const { feedHash } = stage.feeds.gold;
      const change = { oracles: [stage.feeOracle], multicall: stage.multicall };
      const at = (runner: JsonRpcProvider | NonceManager, more: object) =>
        withCryptlets(new Contract(stage.feeProbe, oracleProbeAbi, runner), {
          ...options(),
          ...change,
          ...more,
        });
      for (const maxFeeWei of [undefined, 999n])
        await expect(
          at(provider, maxFeeWei === undefined ? {} : { maxFeeWei }).getFunction("price")(
            feedHash,
            60n,
          ),
        ).rejects.toMatchObject({ code: "CHAIN_FEE_REFUSED" });
      const paying = at(signer(2), { maxFeeWei: 1_000n });
      const sent = await paying.getFunction("settle")(feedHash, 3_600n, { value: 5n, ...gas() });
      // The multicall is who called.
      const [used] = await usedBy(stage.feeProbe, sent.hash);
      expect([String(used?.[0]).toLowerCase(), ...(used ?? []).slice(1)]).toEqual([
        stage.multicall,
        -300_000_000n,
        BigInt(clock),
        5n,
      ]);
      expect(await provider.getBalance(stage.feeOracle)).toBe(1_000n);
    });

    it("leaves a plain refusal as ethers has it", async () => {
      const unknown = probe().getFunction("price")(`0x${"77".repeat(32)}`, 60n);
      await expect(unknown).rejects.toMatchObject({
        code: "CALL_EXCEPTION",
        revert: { name: "UnknownFeed" },
      });
    });
  });

  describe("through viem", () => {
    const account = privateKeyToAccount(ANVIL_SECRETS[2]);
    const transport = () => http(engine.rpcUrl);
    const actions = (change: Partial<CryptletCallOptions> = {}) =>
      cryptletActions({
        ...options(),
        contracts: [stage.lookup, stage.oracleProbe, stage.feeProbe],
        ...change,
      });
    const reader = (change: Partial<CryptletCallOptions> = {}) =>
      createPublicClient({ chain: foundry, transport: transport(), pollingInterval: 50 }).extend(
        actions(change),
      );
    const writer = (change: Partial<CryptletCallOptions> = {}) =>
      createWalletClient({
        account,
        chain: foundry,
        transport: transport(),
        pollingInterval: 50,
      }).extend(actions(change));
    const lookup = viemAbi(lookupAbi);
    const oracle = viemAbi(oracleProbeAbi);
    const gasOf = () => (engine.name === "ethereumjs" ? { gas: 1_000_000n } : {});
    const used = async (hash: Hex, abi: Abi) => {
      const client = createPublicClient({
        chain: foundry,
        transport: transport(),
        pollingInterval: 50,
      });
      const { logs, status } = await client.waitForTransactionReceipt({ hash });
      expect(status).toBe("success");
      return parseEventLogs({ abi, logs, eventName: "Used" }).map(({ args }) => args);
    };

    it("reads by EIP-3668, pull and ERC-7412", async () => {
      publish("power", "-12.5");
      const address = stage.lookup;
      expect(
        await reader().readContract({ address, abi: lookup, functionName: "priceOf", args: [2n] }),
      ).toEqual([-2_500_000_000n, BigInt(clock)]);
      const pulled = { address, abi: lookup, functionName: "pricePulled" };
      expect(await reader().readContract({ ...pulled, args: [...pullArguments("power")] })).toBe(
        -1_250_000_000n,
      );
      const price = { address: stage.oracleProbe, abi: oracle, functionName: "price" };
      const ask = [stage.feeds.gold.feedHash, 0n] as const;
      publish("gold", "1");
      expect(await reader().readContract({ ...price, args: [ask[0], 3_600n] })).not.toBe(0n);
    });

    it("sends all three, simulated before by viem's own way", async () => {
      // What the tests before wrote is older than is asked for, by the chain's clock.
      const age = await nextMinute();
      const round = publish("power", "-20");
      const address = stage.oracleProbe;
      const settle = { address, abi: oracle, functionName: "settle" };
      const args = [stage.feeds.power.feedHash, age];
      // EthereumJS refuses to estimate without a price, so that its update goes with the call.
      const alone = engine.name === "anvil";
      const change = alone ? {} : { multicall: stage.multicall };
      const hash = await writer(change).writeContract({ ...settle, args, ...gasOf() });
      const [first] = await used(hash, oracle);
      expect(first).toMatchObject({ value: -2_000_000_000n, observedAt: BigInt(clock) });
      const sender = String(Object(first).sender).toLowerCase();
      expect(sender).toBe(alone ? account.address.toLowerCase() : stage.multicall);
      expect((await stage.feeds.power.latest())[0]).toBe(BigInt(round));
      publish("power", "-21");
      const looked = {
        address: stage.lookup,
        abi: lookup,
        functionName: "settle",
        args: [9n],
        ...gasOf(),
      };
      expect(await used(await writer().writeContract(looked), lookup)).toEqual([
        { sender: account.address, value: -2_100_000_000n, observedAt: BigInt(clock), amount: 9n },
      ]);
      publish("power", "-22");
      const pull = {
        ...looked,
        functionName: "settlePulled",
        args: [1n, ...pullArguments("power")],
      };
      expect(await used(await writer().writeContract(pull), lookup)).toMatchObject([
        { value: -2_200_000_000n },
      ]);
    });

    it("leaves other contracts alone, and refuses what was not told", async () => {
      const { feedHash } = stage.feeds.power;
      const price = { address: stage.oracleProbe, abi: oracle, functionName: "price" };
      const age = await nextMinute();
      publish("power", "1");
      stage.asked.length = 0;
      const plain = reader({ contracts: [] }).readContract({ ...price, args: [feedHash, age] });
      await expect(plain).rejects.toThrow(/reverted/);
      expect(stage.asked).toEqual([]);
      const other = reader({ oracles: [] }).readContract({ ...price, args: [feedHash, age] });
      const fault: unknown = await other.catch((error: unknown) => error);
      // viem wraps what its actions throw.
      const inner = fault instanceof BaseError ? fault.walk((cause) => isFabricError(cause)) : null;
      expect(inner).toMatchObject({ code: "CHAIN_LOOKUP_REFUSED" });
    });
  });
});
