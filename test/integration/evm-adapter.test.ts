import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { DeliveryRecord } from "../../src/adapters/contract/chain-adapter.ts";
import type { EvmChain } from "../../src/adapters/evm/evm-chain.ts";
import { encodeSubmit } from "../../src/adapters/evm/encode-update.ts";
import { createEvmAccount } from "../../src/adapters/evm/evm-account.ts";
import { smallQuantity } from "../../src/adapters/evm/evm-rpc.ts";
import { createTransactionSigner } from "../../src/adapters/evm/transaction-signer.ts";
import { receiptSchema } from "../../src/envelope/bundle.ts";
import { deliveryEvents, findDelivery } from "../../src/store/deliveries.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import { startTestChain } from "../support/anvil.ts";
import { ANVIL_SECRETS } from "../support/test-chain.ts";
import { createTestAdapter, storeDelivery } from "../support/delivery-fixture.ts";
import {
  createFeedFixture,
  namedHash,
  namedKey,
  type FeedFixture,
  type TestFeed,
} from "../support/feed-fixture.ts";

let fixture: FeedFixture;
let count = 0;
beforeAll(async () => {
  fixture = await createFeedFixture(await startTestChain());
});

const open = async (change: Partial<EvmChain> = {}) => {
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  const feed = await fixture.feed(`adapter ${++count}`, { keys: [namedKey("adapter")] });
  const adapter = createTestAdapter(fixture, store, change);
  onTestFinished(async () => {
    await adapter.close();
    await store.close();
  });
  return { store, feed, adapter };
};

const storeRound = async (store: Store, feed: TestFeed, round: number, change = {}) =>
  await storeDelivery(store, feed, round, await feed.message(round, change));

const attemptsOf = async (store: Store) =>
  await store.db
    .selectFrom("evm_attempts")
    .innerJoin("evm_jobs", "evm_jobs.id", "evm_attempts.job_id")
    .select(["evm_attempts.hash", "evm_jobs.nonce", "evm_jobs.state"])
    .orderBy("evm_attempts.id")
    .execute();

/** Blocks come only when they are asked for. */
const pauseMining = async (): Promise<void> => {
  await fixture.chain.ask("evm_setAutomine", false);
  onTestFinished(async () => {
    await fixture.chain.ask("evm_setAutomine", true);
    await fixture.chain.ask("evm_mine");
  });
};

/** Resolves when a delivery has reached a status. */
const statusWatch = () => {
  const waiting = new Map<string, () => void>();
  const seen: string[] = [];
  return {
    seen,
    onChange: ({ status }: DeliveryRecord) => {
      seen.push(status);
      waiting.get(status)?.();
    },
    reached: (status: string) =>
      new Promise<void>((resolve) => {
        if (seen.includes(status)) resolve();
        else waiting.set(status, resolve);
      }),
  };
};

describe("receipt", () => {
  it("is stored in the form that a bundle carries", async () => {
    const { store, feed, adapter } = await open();
    const { id } = await storeRound(store, feed, 1).then((d) => adapter.prepare(d));
    await adapter.settle(id);
    const row = await findDelivery(store.db, id);
    const receipt = receiptSchema.parse(JSON.parse(row?.receiptJson ?? ""));
    expect(receipt).toMatchObject({ chainId: "31337", contract: feed.address, round: 1 });
    expect(receipt.transaction).toBe(row?.txHash);
    const events = await deliveryEvents(store.db, id);
    expect(events.map(({ status }) => status)).toEqual([
      "prepared",
      "prepared",
      "prepared",
      "submitted",
      "included",
      "final",
    ]);
    const steps = events.map(({ subStatus }) => subStatus);
    expect(steps).toEqual([null, "reserved", "signed", "broadcast", "included", "landed"]);
  });
});

describe("addresses", () => {
  it("may be the registry's: it knows the feed by its hash", async () => {
    const { store, feed, adapter } = await open();
    const { registry } = fixture.contracts;
    const message = await feed.message(1);
    const delivery = await storeDelivery(store, feed, 1, message, { contract: registry });
    await adapter.prepare(delivery);
    expect(await adapter.settle(delivery.id)).toMatchObject({ status: "final" });
    expect((await feed.latest())[0]).toBe(1n);
    const target = { contract: registry, feedHash: namedHash("nobody's feed") };
    await expect(adapter.latest(target)).rejects.toMatchObject({ code: "ONCHAIN_FEED_UNKNOWN" });
  });

  it("without a contract behind them are refused", async () => {
    const { adapter } = await open();
    const target = { contract: `0x${"12".repeat(20)}`, feedHash: namedHash("x") };
    await expect(adapter.latest(target)).rejects.toMatchObject({ code: "ONCHAIN_FEED_UNKNOWN" });
    const noAddress = { ...target, contract: "somewhere" };
    await expect(adapter.latest(noAddress)).rejects.toMatchObject({ code: "DELIVERY_INVALID" });
  });
});

describe("waiting for blocks", () => {
  it("tells submitted, included and final apart at depth 3", async () => {
    await pauseMining();
    const { store, feed, adapter } = await openPaused({
      finality: { kind: "depth", depth: 3 },
      pollMs: 10,
    });
    const delivery = await storeRound(store, feed, 1);
    await adapter.prepare(delivery);
    const watch = statusWatch();
    const settled = adapter.settle(delivery.id, { onChange: watch.onChange });
    await watch.reached("submitted");
    await fixture.chain.ask("evm_mine");
    await watch.reached("included");
    await fixture.chain.ask("anvil_mine", "0x2");
    expect(await settled).toMatchObject({ status: "final" });
    expect(watch.seen).toEqual(["submitted", "included", "final"]);
  });

  it("waits for the chain's own tag", async () => {
    const { store, feed, adapter } = await open({
      finality: { kind: "tag", tag: "safe" },
      pollMs: 10,
    });
    const delivery = await storeRound(store, feed, 1);
    await adapter.prepare(delivery);
    const watch = statusWatch();
    const settled = adapter.settle(delivery.id, { onChange: watch.onChange });
    await watch.reached("included");
    await fixture.chain.ask("anvil_mine", "0x10");
    expect(await settled).toMatchObject({ status: "final" });
  });

  it("raises the fee of a stuck transaction under its own nonce", async () => {
    await pauseMining();
    const { store, feed, adapter } = await openPaused({ stuckMs: 20, pollMs: 10 });
    const delivery = await storeRound(store, feed, 1);
    const { transaction } = await adapter.prepare(delivery);
    const settled = adapter.settle(delivery.id);
    const replacedBy = async () => {
      const hash = (await attemptsOf(store)).at(-1)?.hash ?? transaction;
      return hash === transaction
        ? null
        : await fixture.chain.ask("eth_getTransactionByHash", hash);
    };
    await expect.poll(replacedBy, { timeout: 10_000 }).not.toBeNull();
    await fixture.chain.ask("evm_mine");
    const record = await settled;
    expect(record.status).toBe("final");
    expect(record.transaction).not.toBe(transaction);
    const attempts = await attemptsOf(store);
    expect(new Set(attempts.map(({ nonce }) => nonce)).size).toBe(1);
    expect(attempts.every(({ state }) => state === "done")).toBe(true);
  });

  it("goes back to submitted when its block is reorganised away, and lands again", async () => {
    const { store, feed, adapter } = await open({
      finality: { kind: "depth", depth: 3 },
      pollMs: 10,
    });
    const delivery = await storeRound(store, feed, 1);
    await adapter.prepare(delivery);
    const watch = statusWatch();
    const settled = adapter.settle(delivery.id, { onChange: watch.onChange });
    await watch.reached("included");
    await fixture.chain.ask("anvil_rollback", 1);
    const mineOn = async () => {
      await fixture.chain.ask("evm_mine");
      return (await adapter.find(delivery.id))?.status;
    };
    await expect.poll(mineOn, { timeout: 10_000 }).toBe("final");
    expect(await settled).toMatchObject({ status: "final", attempts: 1 });
    const steps = (await deliveryEvents(store.db, delivery.id)).map(({ subStatus }) => subStatus);
    expect(steps.slice(steps.indexOf("included"))).toEqual([
      "included",
      "reorganised",
      "rebroadcast",
      "included",
      "landed",
    ]);
    expect((await feed.latest())[0]).toBe(1n);
  });
});

const openPaused = async (change: Partial<EvmChain>) => {
  await fixture.chain.ask("evm_setAutomine", true);
  const opened = await open(change);
  await fixture.chain.ask("evm_setAutomine", false);
  return opened;
};

describe("state decides", () => {
  it("signs anew when the nonce went to another transaction of the account", async () => {
    const { store, feed, adapter } = await open({ pollMs: 10 });
    const delivery = await storeRound(store, feed, 1);
    const prepared = await adapter.prepare(delivery);
    const signer = createTransactionSigner(ANVIL_SECRETS[1]);
    const other = createEvmAccount({ rpcUrl: fixture.chain.url, signer });
    await other.send("another transaction", { to: signer.address, data: "0x" });
    const record = await adapter.settle(delivery.id);
    expect(record.status).toBe("final");
    expect(record.transaction).not.toBe(prepared.transaction);
    expect((await attemptsOf(store)).map(({ state }) => state)).toEqual(["lost", "done"]);
    expect((await feed.latest())[0]).toBe(1n);
  });

  it("calls a revert superseded when somebody else's delivery of the round was first", async () => {
    const { store, feed, adapter } = await open();
    const message = await feed.message(1);
    const delivery = await storeDelivery(store, feed, 1, message);
    await adapter.prepare(delivery);
    await feed.send(encodeSubmit(message));
    expect(await adapter.settle(delivery.id)).toMatchObject({
      status: "superseded",
      error: "ONCHAIN_ROUND_EXISTS",
    });
  });

  it("calls a revert failed, with the contract's reason, when the key was revoked meanwhile", async () => {
    const { store, adapter } = await open();
    const feed = await fixture.feed("revoked meanwhile", { keys: [namedKey("meanwhile")] });
    const delivery = await storeRound(store, feed, 1);
    await adapter.prepare(delivery);
    await fixture.chain.ask("evm_increaseTime", 31 * 86_400);
    await fixture.chain.ask("evm_mine");
    const record = await adapter.settle(delivery.id);
    expect(record).toMatchObject({ status: "failed", error: "ONCHAIN_OBSERVATION_EXPIRED" });
    expect((await feed.latest())[0]).toBe(0n);
  });

  it("follows a signer set that has changed since it was read", async () => {
    const { store, adapter } = await open();
    const key = namedKey("renewed meanwhile");
    const feed = await fixture.feed("renewed meanwhile", { keys: [key] });
    for (const round of [1, 2]) {
      const delivery = await storeRound(store, feed, round);
      await adapter.prepare(delivery);
      expect(await adapter.settle(delivery.id)).toMatchObject({ status: "final" });
      await fixture.attest(key, { notAfter: (await fixture.now()) + 5_000 });
    }
  });

  it("gives deliveries of several feeds nonces without a gap or a twin", async () => {
    const { store, feed, adapter } = await open();
    const deliveries = [];
    for (let round = 1; round <= 12; round++) deliveries.push(await storeRound(store, feed, round));
    await Promise.all(deliveries.map((delivery) => adapter.prepare(delivery)));
    const nonces = (await attemptsOf(store))
      .map(({ nonce }) => nonce ?? 0)
      .toSorted((a, b) => a - b);
    expect(nonces).toEqual(nonces.map((_, index) => (nonces[0] ?? 0) + index));
    const records = await Promise.all(deliveries.map(({ id }) => adapter.settle(id)));
    expect(records.every(({ status }) => status === "final" || status === "superseded")).toBe(true);
    expect((await feed.latest())[0]).toBe(12n);
  });
});

describe("a chain that is not what it should be", () => {
  it("never gets a signature when its id is another", async () => {
    const { store, feed, adapter } = await open({ chainId: 1 });
    const delivery = await storeRound(store, feed, 1);
    await expect(adapter.probe()).rejects.toMatchObject({ code: "CHAIN_MISMATCH" });
    await expect(adapter.prepare(delivery)).rejects.toMatchObject({ code: "CHAIN_MISMATCH" });
    expect(await attemptsOf(store)).toEqual([]);
  });

  const serve = async (answer: (server: Server) => void): Promise<string> => {
    const server = createServer();
    answer(server);
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://user:secret@127.0.0.1:${(server.address() as AddressInfo).port}`;
  };

  it("is unreachable when it answers nonsense, errors or nothing, and no secret of its URL shows", async () => {
    const urls = await Promise.all([
      serve((server) => server.on("request", (_, response) => response.end("<html>"))),
      serve((server) => server.on("request", (_, response) => response.writeHead(500).end())),
      serve((server) => server.on("request", (request) => request.socket.destroy())),
      serve((server) => server.on("request", (_, response) => response.end("[1]"))),
    ]);
    for (const rpcUrl of [...urls, "http://127.0.0.1:1"]) {
      const { adapter } = await open({ rpcUrl });
      const failed = await adapter.probe().catch((error: unknown) => error);
      expect(failed).toMatchObject({ code: "CHAIN_UNREACHABLE" });
      expect((failed as Error).message).not.toContain("secret");
    }
  });

  it("is refused when its answers have an unexpected form", async () => {
    const rpcUrl = await serve((server) =>
      server.on("request", (_, response) => response.end('{"jsonrpc":"2.0","id":1,"result":7}')),
    );
    const { adapter } = await open({ rpcUrl });
    await expect(adapter.probe()).rejects.toMatchObject({ code: "CHAIN_REFUSED" });
  });

  it("lets go of a request at once when told to stop", async () => {
    let asked = (): void => undefined;
    const arrived = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const rpcUrl = await serve((server) =>
      server.on("request", () => {
        asked();
      }),
    );
    const { adapter } = await open({ rpcUrl });
    const probing = adapter.probe();
    await arrived;
    await adapter.close();
    await expect(probing).rejects.toMatchObject({ code: "INTERRUPTED" });
  });
});

it("counts an account's transactions as the chain does", async () => {
  const { address } = createTransactionSigner(ANVIL_SECRETS[1]);
  const params = [address, "latest"];
  const onChain = await fixture.chain.rpc.call(smallQuantity, "eth_getTransactionCount", params);
  expect(onChain).toBeGreaterThan(0);
});
