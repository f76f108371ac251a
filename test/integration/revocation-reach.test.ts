import { getAddress, Interface } from "ethers";
import { beforeAll, describe, expect, it } from "vitest";
import { deployContract, registerFeed } from "../../src/adapters/evm/deploy.ts";
import { keysAbi, registryAbi } from "../../src/adapters/evm/feed-abi.ts";
import { registerGroup, setFeedGroup } from "../../src/adapters/evm/register-group.ts";
import type { KeyStatus } from "../../src/adapters/evm/refusal.ts";
import { keyStatuses } from "../../src/adapters/evm/refusal.ts";
import type { Address } from "../../src/core/ids.ts";
import type { SigningKey } from "../../src/crypto/key-record.ts";
import { startTestChain } from "../support/anvil.ts";
import {
  addressOf,
  createFeedFixture,
  namedHash,
  namedKey,
  verifiers,
  WORKLOAD,
  type FeedFixture,
} from "../support/feed-fixture.ts";
import { createGroupFeed } from "../support/group-feed.ts";
import { namedGroupKey } from "../support/group-key.ts";
import { createPullConsumer } from "../support/pull-fixture.ts";

/** Most gas of one transaction (EIP-7825). */
const TRANSACTION_GAS_CAP = 2 ** 24;
const linksAbi = new Interface([
  "function FEED_GAS() view returns (uint256)",
  "function MEMBER_GAS() view returns (uint256)",
  "function WATCHER_GAS() view returns (uint256)",
  "function MAX_PUSH_GAS() view returns (uint256)",
  "function pushGasOf(address key) view returns (uint256)",
  "function groupsOf(address key) view returns (address[])",
  "function watchersOf(address key) view returns (address[])",
  "event PushFailed(address indexed key, address indexed watcher)",
]);

let fixture: FeedFixture;
beforeAll(async () => {
  fixture = await createFeedFixture(await startTestChain());
});

const ask = async (method: string, ...values: unknown[]): Promise<number> => {
  const data = linksAbi.encodeFunctionData(method, values);
  const answer = await fixture.account.read(fixture.contracts.keys, data);
  return Number(linksAbi.decodeFunctionResult(method, answer).toArray()[0]);
};
const setStatus = async (key: Address, status: KeyStatus) => {
  const data = keysAbi.encodeFunctionData("setStatus", [key, keyStatuses.indexOf(status)]);
  return await fixture.account.send("status", { to: fixture.contracts.keys, data });
};
const gasOf = async (key: Address, status: KeyStatus): Promise<number> =>
  Number((await setStatus(key, status)).gasUsed);
const register = async (name: string, keys: readonly SigningKey[]): Promise<Address> =>
  await registerFeed(fixture.account, fixture.contracts.registry, {
    feedHash: namedHash(name),
    workload: WORKLOAD,
    signers: keys.map(addressOf),
    threshold: 1,
    ringSize: 0,
    decimals: 8,
    description: name,
  });
const keysOf = (name: string, count: number): readonly SigningKey[] =>
  Array.from({ length: count }, (_, index) => namedKey(`${name} ${index}`));

describe("a revocation fits one transaction", () => {
  it("with 256 feeds, each of which it ends at once", async () => {
    const key = namedKey("of 256 feeds");
    await fixture.attest(key);
    const feeds: Address[] = [];
    for (let index = 0; index < 256; index++) feeds.push(await register(`of 256, ${index}`, [key]));
    const gas = await gasOf(addressOf(key), "COMPROMISED");
    expect(gas).toBeLessThan(TRANSACTION_GAS_CAP);
    expect(gas).toBeLessThanOrEqual(await ask("pushGasOf", addressOf(key)));
    for (const feed of [feeds[0], feeds[128], feeds[255]]) {
      const head = await fixture.chain.ask("eth_getStorageAt", feed, "0x0", "latest");
      expect(BigInt(String(head)) & (2n ** 112n - 1n)).toBe(0n);
    }
  }, 120_000);

  it("because no link costs more than it weighs, and the weights are bounded", async () => {
    const [feedGas, memberGas, most] = await Promise.all(
      ["FEED_GAS", "MEMBER_GAS", "MAX_PUSH_GAS"].map((name) => ask(name)),
    );
    if (feedGas === undefined || memberGas === undefined || most === undefined)
      throw new Error("no limits");
    // A revocation without any feed, beside the greatest push.
    const alone = namedKey("alone");
    await fixture.attest(alone);
    expect((await gasOf(addressOf(alone), "OFFLINE")) + most).toBeLessThan(TRANSACTION_GAS_CAP);
    for (const count of [1, 8, 32]) {
      const shared = namedKey(`shared ${count}`);
      await fixture.attest(shared);
      let before = await gasOf(addressOf(shared), "OFFLINE");
      // The other members are read for the first time in the transaction: the dearest case.
      for (const round of [1, 2]) {
        const others = keysOf(`reach ${count} ${round}`, count - 1);
        for (const key of others) await fixture.attest(key);
        await setStatus(addressOf(shared), "ACTIVE");
        await register(`reach ${count} ${round}`, [shared, ...others]);
        const gas = await gasOf(addressOf(shared), "OFFLINE");
        expect(gas - before, `${count} members`).toBeLessThanOrEqual(feedGas + memberGas * count);
        before = gas;
      }
    }
  }, 120_000);

  it("with a group too, whose feeds its members' keys reach", async () => {
    const { account, contracts } = fixture;
    const keys = keysOf("group reach", 3);
    const feed = await createGroupFeed(fixture, "group reach", { keys, threshold: 2 });
    const [first] = feed.keys.map(addressOf);
    if (!first) throw new Error("no key");
    expect(await ask("pushGasOf", first)).toBeGreaterThan(
      2 * ((await ask("FEED_GAS")) + 3 * (await ask("MEMBER_GAS"))) - 1,
    );
    for (const [target, status] of [
      [feed.group.address, "OFFLINE"],
      [feed.group.address, "ACTIVE"],
      [first, "OFFLINE"],
      [first, "ACTIVE"],
      [first, "COMPROMISED"],
    ] as const) {
      const gas = await gasOf(target, status);
      expect(gas, `${target} ${status}`).toBeLessThanOrEqual(
        (await ask("pushGasOf", target)) + 60_000,
      );
    }
    // What is no longer linked weighs nothing.
    await setFeedGroup(account, contracts.registry, { feedHash: feed.feedHash, group: null });
    expect(await ask("pushGasOf", feed.group.address)).toBe(0);
  });

  it("and a link that would not fit is refused", async () => {
    const { account, contracts } = fixture;
    const key = namedKey("watched by many");
    await fixture.attest(key);
    const most = Math.floor((await ask("MAX_PUSH_GAS")) / (await ask("WATCHER_GAS")));
    const watch = async (index: number) => {
      const watcher = addressOf(namedKey(`watcher ${index}`));
      const data = registryAbi.encodeFunctionData("watch", [watcher, [addressOf(key)]]);
      await account.send("watch", { to: contracts.registry, data });
    };
    for (let index = 0; index < most; index++) await watch(index);
    await expect(watch(most)).rejects.toMatchObject({ code: "DEPLOYMENT_FAILED" });
  });
});

describe("a watcher", () => {
  const watchedBy = async (name: string, watchers: readonly Address[]): Promise<SigningKey> => {
    const { account, contracts } = fixture;
    const key = namedKey(name);
    await fixture.attest(key);
    for (const watcher of watchers) {
      const data = registryAbi.encodeFunctionData("watch", [watcher, [addressOf(key)]]);
      await account.send("watch", { to: contracts.registry, data });
    }
    return key;
  };

  it("that reverts, burns its gas or answers without end harms itself only, and is named", async () => {
    const { account } = fixture;
    const bad: Address[] = [];
    for (const kind of [0, 1, 2, 3])
      bad.push(await deployContract(account, "BadConsumer", ["uint8"], [kind]));
    const key = await watchedBy("watched by bad", bad);
    const good = await createPullConsumer(fixture, {
      feedHash: namedHash("good watcher"),
      keys: [key],
      threshold: 1,
    });
    await account.send("watch", {
      to: fixture.contracts.registry,
      data: registryAbi.encodeFunctionData("watch", [good.address, [addressOf(key)]]),
    });
    const receipt = await setStatus(addressOf(key), "COMPROMISED");
    const failed = receipt.logs
      .map((log) => linksAbi.parseLog(log))
      .filter((event) => event !== null)
      .map((event) => String(event.args.toArray()[1]).toLowerCase());
    // The one that answers at length did answer: it paid for that from its own gas.
    expect(new Set(failed)).toEqual(new Set(bad.slice(0, 2)));
    const head = await fixture.chain.ask("eth_getStorageAt", good.address, "0x0", "latest");
    expect(BigInt(String(head)) & (2n ** 112n - 1n)).toBe(0n);
    const budget = (await ask("WATCHER_GAS")) * 5 + 150_000;
    expect(Number(receipt.gasUsed)).toBeLessThan(budget);
  });

  it("that changes the key's groups meanwhile does not stop the revocation", async () => {
    const { account, contracts } = fixture;
    const [bad, good] = ["spoiled a", "spoiled b"].map(namedKey);
    if (!bad || !good) throw new Error("two keys");
    const [watched, other] = [namedGroupKey("spoiled 1"), namedGroupKey("spoiled 2")];
    for (const key of [bad, good]) await fixture.attest(key);
    const attest = async (
      group: typeof watched,
      change: { readonly epoch: number; readonly members: readonly Address[] },
      by: typeof account = account,
    ): Promise<void> => {
      const attestation = {
        key: group.address,
        x: group.x,
        parity: group.parity,
        k: 1,
        workload: WORKLOAD,
        tee: "simulator",
        hardware: false,
        svn: 1,
        notAfter: (await fixture.now()) + 86_400,
        evidenceId: namedHash("evidence"),
        policyDigest: namedHash("policy"),
        ...change,
      } as const;
      await registerGroup(by, contracts.keys, attestation, verifiers.slice(0, 2));
    };
    const both = { epoch: 0, members: [bad, good].map(addressOf) };
    for (const group of [watched, other]) await attest(group, both);
    const watcher = await deployContract(account, "CarryingWatcher", [], []);
    const watch = registryAbi.encodeFunctionData("watch", [watcher, [watched.address]]);
    await account.send("watch", { to: contracts.registry, data: watch });
    // Signed by the verifiers and carried by nobody yet: the other group goes on without the bad key.
    const carrying = new Interface([
      "function prepare(bytes data)",
      "function carried() view returns (bool)",
    ]);
    const toWatcher: typeof account = {
      ...account,
      send: async (what, { data }) =>
        await account.send(what, {
          to: watcher,
          data: carrying.encodeFunctionData("prepare", [data]),
        }),
    };
    await attest(other, { epoch: 1, members: [addressOf(good)] }, toWatcher);
    await setStatus(addressOf(bad), "COMPROMISED");
    const carried = await account.read(watcher, carrying.encodeFunctionData("carried"));
    expect(BigInt(carried)).toBe(1n);
    const groups = linksAbi.encodeFunctionData("groupsOf", [addressOf(bad)]);
    const left = await account.read(contracts.keys, groups);
    expect(linksAbi.decodeFunctionResult("groupsOf", left).toArray(true)).toEqual([
      [getAddress(watched.address)],
    ]);
  });

  it("cannot be starved by whoever sends the revocation", async () => {
    const { account, contracts } = fixture;
    const good = await deployContract(account, "BadConsumer", ["uint8"], [4]);
    const key = await watchedBy("starved", [good]);
    const data = keysAbi.encodeFunctionData("setStatus", [addressOf(key), 2]);
    const call = { from: account.signer.address, to: contracts.keys, data };
    const outcome = async (gas: number) =>
      (await account.rpc.ask("eth_call", [{ ...call, gas: `0x${gas.toString(16)}` }, "latest"])).ok;
    expect(await outcome(350_000)).toBe(false);
    expect(await outcome(900_000)).toBe(true);
  });
});
