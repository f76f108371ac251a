import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createEvmAdapter } from "../../src/adapters/evm/create-evm-adapter.ts";
import { createTransactionSigner } from "../../src/adapters/evm/transaction-signer.ts";
import { openStore } from "../../src/store/open-store.ts";
import { listDeliveries } from "../../src/store/deliveries.ts";
import { startTestChain } from "../support/anvil.ts";
import { createCountingRpc } from "../support/counting-rpc.ts";
import { LOCAL, storeDelivery } from "../support/delivery-fixture.ts";
import { createFeedFixture, namedKey, type FeedFixture } from "../support/feed-fixture.ts";
import { ANVIL_SECRETS } from "../support/test-chain.ts";

/** `CRYPTLET_BACKLOG=10000` measures; the file prints what it found. */
const ROUNDS = Number(process.env["CRYPTLET_BACKLOG"] ?? 200);
/** As many as a host follows at the same time. */
const AT_ONCE = 64;

let fixture: FeedFixture;
beforeAll(async () => {
  fixture = await createFeedFixture(await startTestChain());
});

const drain = async (
  name: string,
  rounds: number,
  before: () => Promise<void> = async () => undefined,
) => {
  const { chain } = fixture;
  const feed = await fixture.feed(name, { keys: [namedKey("backlog")] });
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  const counting = createCountingRpc(chain.rpc);
  const adapter = createEvmAdapter({
    chain: {
      name: LOCAL,
      rpcUrl: chain.url,
      chainId: 31_337,
      finality: { kind: "depth", depth: 1 },
      pollMs: 20,
    },
    signer: createTransactionSigner(ANVIL_SECRETS[1]),
    store,
    rpc: counting.rpc,
  });
  onTestFinished(async () => {
    await adapter.close();
    await store.close();
  });
  const start = (await fixture.now()) - rounds - 10;
  const deliveries = [];
  for (let round = 1; round <= rounds; round += 1) {
    const times = { observedAt: start + round, validUntil: start + 100_000 };
    deliveries.push(await storeDelivery(store, feed, round, await feed.message(round, times)));
  }
  await before();
  const from = performance.now();
  const cpu = process.cpuUsage();
  const open = new Set<Promise<unknown>>();
  for (const delivery of deliveries) {
    await adapter.prepare(delivery);
    const settled = adapter.settle(delivery.id).finally(() => open.delete(settled));
    open.add(settled);
    if (open.size >= AT_ONCE) await Promise.race(open);
  }
  await Promise.all(open);
  const seconds = (performance.now() - from) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const cpuMs = (user + system) / 1_000 / rounds;
  const rows = await listDeliveries(store.db, { limit: rounds });
  return {
    feed,
    store,
    rows,
    calls: counting.total() / rounds,
    counts: counting.counts,
    seconds,
    cpuMs,
  };
};

const print = (
  name: string,
  { calls, seconds, counts, cpuMs }: Awaited<ReturnType<typeof drain>>,
) =>
  process.stdout.write(
    `${name}: ${ROUNDS} rounds, ${(ROUNDS / seconds).toFixed(0)} per second, ${cpuMs.toFixed(1)} ms of CPU and ${calls.toFixed(2)} questions each ${JSON.stringify([...counts])}\n`,
  );

describe("a backlog of one feed", { timeout: 600_000 }, () => {
  it("lands whole and in order on a chain that makes a block for each transaction", async () => {
    const drained = await drain("backlog automine", ROUNDS);
    print("automine", drained);
    expect(drained.rows.filter(({ status }) => status === "final").length).toBe(ROUNDS);
    expect(drained.rows.every(({ attempts }) => attempts === 1)).toBe(true);
    expect((await drained.feed.latest())[0]).toBe(BigInt(ROUNDS));
    // Check, broadcast, block and receipt; the rest is shared by all.
    expect(drained.calls).toBeLessThan(5);
    const byRound = drained.rows.toSorted((a, b) => a.round - b.round);
    const blocks = byRound.map(({ blockNumber }) => blockNumber ?? 0);
    expect(blocks).toEqual(blocks.toSorted((a, b) => a - b));
  });

  it("lands with two questions each where many transactions share a block", async () => {
    const { chain } = fixture;
    onTestFinished(async () => {
      await chain.ask("evm_setIntervalMining", 0);
      await chain.ask("evm_setAutomine", true);
    });
    const drained = await drain("backlog interval", ROUNDS, async () => {
      await chain.ask("evm_setAutomine", false);
      await chain.ask("evm_setIntervalMining", 1);
    });
    print("interval", drained);
    expect(drained.rows.filter(({ status }) => status === "final").length).toBe(ROUNDS);
  });
});
