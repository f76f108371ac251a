import { beforeAll, describe } from "vitest";
import { openStore } from "../../src/store/open-store.ts";
import { createEvmRpc, smallQuantity } from "../../src/adapters/evm/evm-rpc.ts";
import { chainNameSchema } from "../../src/core/ids.ts";
import { createTransactionSigner } from "../../src/adapters/evm/transaction-signer.ts";
import { startTestChain } from "../support/anvil.ts";
import { evmEngines } from "../support/evm-engines.ts";
import { ANVIL_SECRETS, type TestChain } from "../support/test-chain.ts";
import { createTestAdapter, storeDelivery } from "../support/delivery-fixture.ts";
import { createFeedFixture, namedKey, type FeedFixture } from "../support/feed-fixture.ts";
import { describeChainAdapter, type AdapterHarness } from "./chain-adapter-contract.ts";

let feeds = 0;

const openHarness = async (fixture: FeedFixture): Promise<AdapterHarness> => {
  const feed = await fixture.feed(`contract suite ${++feeds}`, { keys: [namedKey("suite")] });
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  let round = 0;
  return {
    adapter: createTestAdapter(fixture, store),
    restart: () => createTestAdapter(fixture, store),
    next: async (value) => {
      const message = await feed.message(++round, { value });
      return await storeDelivery(store, feed, round, message);
    },
    nextForged: async () => {
      const message = await feed.message(++round, { signers: [namedKey("nobody")] });
      return await storeDelivery(store, feed, round, message);
    },
    read: async () => {
      const [latest, answer] = await feed.latest();
      return latest === 0n ? null : { round: Number(latest), answer };
    },
    transactions: async () => {
      const { address } = createTransactionSigner(ANVIL_SECRETS[1]);
      const params = [address, "pending"];
      return await fixture.chain.rpc.call(smallQuantity, "eth_getTransactionCount", params);
    },
    target: { contract: feed.address, feedHash: feed.feedHash },
  };
};

describe("a chain that makes a block for each transaction", () => {
  let fixture: FeedFixture;
  beforeAll(async () => {
    fixture = await createFeedFixture(await startTestChain());
  });
  describeChainAdapter("evm on anvil", () => openHarness(fixture));
});

describe.each(evmEngines)("a chain that makes blocks by the clock: $name", (options) => {
  if (!options.available("the contract of adapters")) return;
  let fixture: FeedFixture;
  beforeAll(async () => {
    const engine = await options.start();
    engine.autoMine(40);
    const name = chainNameSchema.parse("local");
    const chain: TestChain = {
      url: engine.rpcUrl,
      rpc: createEvmRpc({ name, url: engine.rpcUrl }),
      ask: engine.ask,
      stop: () => engine.stop(),
    };
    fixture = await createFeedFixture(chain);
    return () => engine.stop();
  }, 60_000);
  describeChainAdapter(`evm on ${options.name}`, () => openHarness(fixture));
});
