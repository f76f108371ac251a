import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { ChainAdapter } from "../../src/adapters/contract/chain-adapter.ts";
import { createEvmAdapter } from "../../src/adapters/evm/create-evm-adapter.ts";
import { createSpendingGuard } from "../../src/adapters/evm/create-spending-guard.ts";
import { createRemoteSigner } from "../../src/adapters/evm/signers/remote-signer.ts";
import {
  createTransactionSigner,
  type TransactionSigner,
} from "../../src/adapters/evm/transaction-signer.ts";
import { systemClock, type Clock } from "../../src/core/clock.ts";
import { createManualClock } from "../../src/core/manual-clock.ts";
import { feedIdSchema } from "../../src/core/ids.ts";
import { openStore } from "../../src/store/open-store.ts";
import { startTestChain } from "../support/anvil.ts";
import { LOCAL, storeDelivery } from "../support/delivery-fixture.ts";
import { lieAbout, type Falsehood } from "../support/false-node.ts";
import { createFeedFixture, namedKey, type FeedFixture } from "../support/feed-fixture.ts";
import { openPoolStage, type PoolChange } from "../support/pool-stage.ts";
import { startSigningService } from "../support/signing-service.ts";
import { ANVIL_SECRETS } from "../support/test-chain.ts";

const FEED = feedIdSchema.parse("xau-usd");
const SECRET = ANVIL_SECRETS[1];
let fixture: FeedFixture;
let count = 0;
beforeAll(async () => {
  fixture = await createFeedFixture(await startTestChain());
});

/** A feed, a store and an adapter over endpoints that behave as told. */
const open = async (
  behaviours: readonly (Falsehood | null)[],
  change: {
    readonly pool?: PoolChange;
    readonly signer?: TransactionSigner;
    readonly budget?: { readonly wei: bigint; readonly windowMs: number; readonly clock: Clock };
  } = {},
) => {
  const { budget } = change;
  const stage = await openPoolStage(fixture.chain.url, behaviours, change.pool);
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  const feed = await fixture.feed(`endpoints ${++count}`, { keys: [namedKey("endpoints")] });
  const spending = createSpendingGuard({
    chain: LOCAL,
    clock: budget?.clock ?? systemClock,
    budgets: budget ? [{ feed: FEED, contract: feed.address, ...budget }] : [],
  });
  const adapter = createEvmAdapter({
    chain: {
      name: LOCAL,
      rpcUrl: "",
      chainId: 31_337,
      finality: { kind: "depth", depth: 1 },
      pollMs: 10,
    },
    rpc: stage.pool,
    signer: change.signer ?? createTransactionSigner(SECRET),
    spending,
    store,
  });
  onTestFinished(async () => {
    await adapter.close();
    await store.close();
  });
  const deliver = async (round: number) => {
    const delivery = await storeDelivery(store, feed, round, await feed.message(round));
    await adapter.prepare(delivery);
    return await adapter.settle(delivery.id);
  };
  return { ...stage, store, feed, adapter, spending, deliver };
};

const gone: Falsehood = async (_, __, response) => {
  response.destroy();
  return null;
};

describe("deliveries over several endpoints", () => {
  const liars: Readonly<Record<string, Falsehood>> = {
    "is gone": gone,
    "says nothing": async () => null,
    "says the nonce is higher": lieAbout("eth_getTransactionCount", () => "0xfff"),
    "says the nonce is lower": lieAbout("eth_getTransactionCount", () => "0x0"),
    "keeps receipts to itself": lieAbout("eth_getTransactionReceipt", () => null),
    "says that everything failed": lieAbout("eth_getTransactionReceipt", (result) =>
      result === null ? null : { ...(result as object), status: "0x0", logs: [] },
    ),
    "says that the contract refuses": async ({ method }, real) =>
      method === "eth_call"
        ? { error: { code: 3, message: "execution reverted", data: "0x12345678" } }
        : await real(),
    "takes transactions and keeps them": lieAbout(
      "eth_sendRawTransaction",
      () => `0x${"00".repeat(32)}`,
    ),
    "refuses transactions": async ({ method }, real) =>
      method === "eth_sendRawTransaction"
        ? { error: { code: -32_000, message: "nonce too low" } }
        : await real(),
    "names a price that nobody can pay": async ({ method }, real) =>
      method === "eth_feeHistory" || method === "eth_gasPrice"
        ? { result: "0xffffffffffffffffffff" }
        : await real(),
  };

  it.each(Object.entries(liars))("land once each while one of three %s", async (_, liar) => {
    for (const place of [0, 2]) {
      const behaviours = [null, null, null].map((honest, index) =>
        index === place ? liar : honest,
      );
      const { deliver, feed, store } = await open(behaviours);
      for (const round of [1, 2])
        expect(await deliver(round)).toMatchObject({ status: "final", attempts: 1 });
      expect((await feed.latest())[0]).toBe(2n);
      const attempts = await store.db.selectFrom("evm_attempts").select("hash").execute();
      expect(attempts).toHaveLength(2);
    }
  });

  it("go on when endpoints go and come back in the middle", async () => {
    const { deliver, nodes, feed } = await open([null, null, null]);
    const [first, second] = nodes;
    expect((await deliver(1)).status).toBe("final");
    first?.behave(gone);
    expect((await deliver(2)).status).toBe("final");
    second?.behave(gone);
    const third = deliver(3);
    await expect(third).rejects.toMatchObject({ code: "CHAIN_UNREACHABLE" });
    first?.behave(null);
    expect((await deliver(4)).status).toBe("final");
    expect((await feed.latest())[0]).toBe(4n);
  });

  it("cost as many questions as endpoints must agree, and no more", async () => {
    const questions = async (endpoints: number, quorum: number): Promise<number> => {
      const honest = Array.from({ length: endpoints }, () => null);
      const { deliver, nodes } = await open(honest, { pool: { quorum } });
      await deliver(1);
      const before = nodes.reduce((sum, { asked }) => sum + asked.length, 0);
      await deliver(2);
      return nodes.reduce((sum, { asked }) => sum + asked.length, 0) - before;
    };
    const [one, two, three] = [await questions(1, 1), await questions(2, 2), await questions(5, 3)];
    // A broadcast goes to everybody; polling makes it one or two more or less.
    expect(two).toBeLessThanOrEqual(2 * one + 6);
    expect(three).toBeLessThanOrEqual(3 * one + 12);
  });
});

const waitsFor = async (adapter: ChainAdapter, id: string, subStatus: string): Promise<void> => {
  await expect
    .poll(async () => (await adapter.find(id))?.subStatus, { timeout: 10_000 })
    .toBe(subStatus);
};

it("wait for a signing service, and go on when it signs again", async () => {
  const service = await startSigningService([SECRET]);
  const { address } = createTransactionSigner(SECRET);
  const signer = createRemoteSigner({
    url: service.url,
    address,
    identifier: null,
    token: null,
    caPem: null,
    certificatePem: null,
    keyPem: null,
    timeoutMs: 2_000,
  });
  const { deliver, store, feed, adapter } = await open([null, null], { signer });
  expect(await deliver(1)).toMatchObject({ status: "final" });
  service.interfere((_, response) => {
    response.end(`0x${"11".repeat(65)}`);
    return true;
  });
  const delivery = await storeDelivery(store, feed, 2, await feed.message(2));
  await adapter.prepare(delivery);
  const settled = adapter.settle(delivery.id);
  await waitsFor(adapter, delivery.id, "waiting-for-signer");
  expect(await adapter.find(delivery.id)).toMatchObject({ error: "CHAIN_SIGNER_WRONG" });
  service.interfere(null);
  expect(await settled).toMatchObject({ status: "final" });
});

it("wait for the budget, which a receipt settles at what was really paid", async () => {
  const clock = createManualClock(Date.now());
  const { address } = createTransactionSigner(SECRET);
  const balance = async () =>
    BigInt(String(await fixture.chain.ask("eth_getBalance", address, "latest")));
  const unbounded = await open([null]);
  await unbounded.deliver(1);
  const before = await balance();
  await unbounded.deliver(2);
  const wei = (before - (await balance())) * 4n;
  const { store, feed, adapter, spending } = await open([null], {
    budget: { wei, windowMs: 3_600_000, clock },
  });
  const started = await balance();
  const settling: Promise<unknown>[] = [];
  const newest = async (round: number) => {
    const delivery = await storeDelivery(store, feed, round, await feed.message(round));
    await adapter.prepare(delivery);
    settling.push(adapter.settle(delivery.id));
    await expect
      .poll(async () => (await adapter.find(delivery.id))?.subStatus, { timeout: 10_000 })
      .toMatch(/landed|waiting-for-budget/);
    return await adapter.find(delivery.id);
  };
  let round = 1;
  while ((await newest(round))?.subStatus === "landed") round += 1;
  expect(round).toBeGreaterThan(1);
  // The account's own balance says what was spent.
  const [report] = await spending.report(store.db);
  expect(report).toMatchObject({ spent: started - (await balance()), reserved: 0n });
  expect(report?.spent).toBeLessThanOrEqual(wei);
  await clock.advance(7_200_000);
  expect(await settling.at(-1)).toMatchObject({ status: "final" });
});
