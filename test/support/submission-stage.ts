import { onTestFinished } from "vitest";
import type { ChainNotice } from "../../src/adapters/contract/chain-notice.ts";
import { createEvmAdapter } from "../../src/adapters/evm/create-evm-adapter.ts";
import type { EvmChain } from "../../src/adapters/evm/evm-chain.ts";
import type { SpendingGuard } from "../../src/adapters/evm/spending-guard.ts";
import {
  createTransactionSigner,
  type TransactionSigner,
} from "../../src/adapters/evm/transaction-signer.ts";
import { deliveryEvents } from "../../src/store/deliveries.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import { createBentRpc } from "./bent-rpc.ts";
import { LOCAL, storeDelivery } from "./delivery-fixture.ts";
import { namedKey, namedSecret, type FeedFixture, type MessageChange } from "./feed-fixture.ts";

let stages = 0;

/** One feed, one funded account of its own and one database on a real chain, behind an RPC that a test bends. */
export const openSubmissionStage = async (
  fixture: FeedFixture,
  options: {
    readonly chain?: Partial<EvmChain>;
    /** Wei; default 10 ether. */
    readonly balance?: bigint;
    readonly spending?: SpendingGuard;
    readonly signer?: (real: TransactionSigner) => TransactionSigner;
  } = {},
) => {
  stages += 1;
  const { chain } = fixture;
  const feed = await fixture.feed(`submission ${stages}`, { keys: [namedKey("submission")] });
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  const bent = createBentRpc(chain.rpc);
  const real = createTransactionSigner(namedSecret(`account ${stages} ${process.pid}`));
  const fund = async (wei: bigint) =>
    await chain.ask("anvil_setBalance", real.address, `0x${wei.toString(16)}`);
  await fund(options.balance ?? 10n ** 19n);
  const notices: ChainNotice[] = [];
  const open = (on: Store = store, change: Partial<EvmChain> = {}) =>
    createEvmAdapter({
      chain: {
        name: LOCAL,
        rpcUrl: chain.url,
        chainId: 31_337,
        finality: { kind: "depth", depth: 1 },
        pollMs: 10,
        ...options.chain,
        ...change,
      },
      signer: options.signer?.(real) ?? real,
      store: on,
      rpc: bent.rpc,
      onNotice: (notice) => void notices.push(notice),
      ...(options.spending ? { spending: options.spending } : {}),
    });
  const adapter = open();
  onTestFinished(async () => {
    await adapter.close();
    await store.close();
  });
  return {
    feed,
    store,
    bent,
    adapter,
    notices,
    fund,
    signer: real,
    /** The next process on the same database. */
    open,
    round: async (round: number, change: MessageChange = {}) =>
      await storeDelivery(store, feed, round, await feed.message(round, change)),
    steps: async (id: string) =>
      (await deliveryEvents(store.db, id)).map(({ subStatus }) => subStatus),
    count: async () => Number(await chain.ask("eth_getTransactionCount", real.address, "latest")),
    jobs: async () =>
      await store.db
        .selectFrom("evm_jobs")
        .select(["nonce", "state", "delivery_id"])
        .orderBy("id")
        .execute(),
    attempts: async () =>
      await store.db.selectFrom("evm_attempts").selectAll().orderBy("id").execute(),
  };
};
