import { beforeAll } from "vitest";
import { openStore } from "../../src/store/open-store.ts";
import { smallQuantity } from "../../src/adapters/evm/evm-rpc.ts";
import { createTransactionSigner } from "../../src/adapters/evm/transaction-signer.ts";
import { startTestChain } from "../support/anvil.ts";
import { ANVIL_SECRETS } from "../support/test-chain.ts";
import { createTestAdapter, storeDelivery } from "../support/delivery-fixture.ts";
import { createFeedFixture, namedKey, type FeedFixture } from "../support/feed-fixture.ts";
import { describeChainAdapter } from "./chain-adapter-contract.ts";

let fixture: FeedFixture;
let feeds = 0;
beforeAll(async () => {
  fixture = await createFeedFixture(await startTestChain());
});

describeChainAdapter("evm on anvil", async () => {
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
});
