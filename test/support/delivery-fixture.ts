import { createEvmAdapter } from "../../src/adapters/evm/create-evm-adapter.ts";
import type { EvmChain } from "../../src/adapters/evm/evm-chain.ts";
import { createTransactionSigner } from "../../src/adapters/evm/transaction-signer.ts";
import type { ChainAdapter, Delivery } from "../../src/adapters/contract/chain-adapter.ts";
import { chainNameSchema, feedIdSchema, type ChainName } from "../../src/core/ids.ts";
import { OBSERVATION_SOLABI_TYPE } from "../../src/envelope/observation.ts";
import type { SignedPayload } from "../../src/adapters/evm/encode-update.ts";
import { commitRound } from "../../src/store/commit-round.ts";
import { deliveryId, insertDeliveries } from "../../src/store/deliveries.ts";
import type { Store } from "../../src/store/store.ts";
import { ANVIL_SECRETS } from "./test-chain.ts";
import type { FeedFixture, TestFeed } from "./feed-fixture.ts";
import { roundCommit } from "./rounds.ts";

export const LOCAL = chainNameSchema.parse("local");
const FEED = feedIdSchema.parse("xau-usd");

/** An adapter for the fixture's chain on the second funded account, so that deployment's nonces are not its own. */
export const createTestAdapter = (
  fixture: FeedFixture,
  store: Store,
  change: Partial<EvmChain> = {},
  secret: string = ANVIL_SECRETS[1],
): ChainAdapter =>
  createEvmAdapter({
    chain: {
      name: LOCAL,
      rpcUrl: fixture.chain.url,
      chainId: 31_337,
      finality: { kind: "depth", depth: 1 },
      ...change,
    },
    signer: createTransactionSigner(secret),
    store,
  });

/** Stores a round with one delivery, as a host does, and gives the delivery. Rounds go up by one per store. */
export const storeDelivery = async (
  store: Store,
  feed: TestFeed,
  round: number,
  message: SignedPayload,
  target: { readonly chain?: ChainName; readonly contract?: string } = {},
): Promise<Delivery> => {
  const { chain = LOCAL, contract = feed.address } = target;
  const commit = roundCommit(FEED, round);
  await store.transaction(async (trx) => {
    await commitRound(trx, commit);
    await insertDeliveries(trx, commit.round, [{ chain, contract }], commit.at);
  });
  return {
    id: deliveryId(FEED, round, { chain, contract }),
    binding: { feed: FEED, chain, contract, mode: "every" },
    feedHash: feed.feedHash,
    round,
    payloadType: OBSERVATION_SOLABI_TYPE,
    ...message,
  };
};
