import { dataSlice } from "ethers";
import { beforeAll, describe, expect, it } from "vitest";
import { encodeSubmit, encodeUpdate } from "../../src/adapters/evm/encode-update.ts";
import { registerFeed } from "../../src/adapters/evm/deploy.ts";
import { feedAbi, registryAbi } from "../../src/adapters/evm/feed-abi.ts";
import {
  pushKeys,
  raiseSvnFloor,
  readGroup,
  setFeedGroup,
} from "../../src/adapters/evm/register-group.ts";
import { setKeyStatus } from "../../src/adapters/evm/register-key.ts";
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
import { createGroupFeed, type GroupFeed } from "../support/group-feed.ts";

const GROUP_ENTRY = "0x0000001a";
const LIST_ENTRY = "0x00000074";
let fixture: FeedFixture;
beforeAll(async () => {
  fixture = await createFeedFixture(await startTestChain());
});

const threeKeys = (name: string) => ["a", "b", "c"].map((each) => namedKey(`${name} ${each}`));
const makeFeed = async (name: string, options: { ringSize?: number } = {}): Promise<GroupFeed> =>
  await createGroupFeed(fixture, name, { keys: threeKeys(name), threshold: 2, ...options });

/** Sends the packed form and says which entry took it. */
const publish = async (feed: GroupFeed, ...message: Parameters<GroupFeed["groupMessage"]>) => {
  const data = await feed.packed(await feed.groupMessage(...message));
  const sent = await feed.send(data);
  return "code" in sent ? sent.code : dataSlice(data, 0, 4);
};
const status = async (
  address: Parameters<typeof setKeyStatus>[2]["key"],
  to: Parameters<typeof setKeyStatus>[2]["status"],
) => {
  await setKeyStatus(fixture.account, fixture.contracts.keys, { key: address, status: to });
};

describe("a feed with a group", () => {
  it("takes its signature through the packed entry and the plain one", async () => {
    const feed = await makeFeed("both entries");
    expect(await publish(feed, 1, { value: -5n })).toBe(GROUP_ENTRY);
    expect((await feed.latest()).slice(0, 2)).toEqual([1n, -5n]);
    expect(await feed.send(encodeSubmit(await feed.groupMessage(2)))).toHaveProperty("receipt");
    expect((await feed.latest())[0]).toBe(2n);
    expect(await feed.signerSet()).toMatchObject({
      threshold: 2,
      members: feed.keys.map(addressOf),
      group: { address: feed.group.address, x: feed.group.x, parity: feed.group.parity },
    });
  });

  it("keeps rounds in its ring as with any signer", async () => {
    const feed = await makeFeed("group ring", { ringSize: 2 });
    for (const round of [1, 2, 3]) await publish(feed, round, { value: BigInt(round) });
    const answers = await Promise.all([1n, 2n, 3n].map((id) => feed.read("getRoundData", id)));
    expect(answers.map(([round, answer]) => [round, answer])).toEqual([
      [1n, 1n],
      [2n, 2n],
      [3n, 3n],
    ]);
  });

  it("takes the list's signatures beside it, and not one fewer than the list's threshold", async () => {
    const feed = await makeFeed("beside");
    const two = await feed.message(1, { signers: feed.keys.slice(1) });
    const data = await feed.packed(two);
    expect(dataSlice(data, 0, 4)).toBe(LIST_ENTRY);
    expect(await feed.send(data)).toHaveProperty("receipt");
    const one = await feed.message(2, { signers: feed.keys.slice(0, 1) });
    const set = await feed.signerSet();
    expect(encodeUpdate(one, set)).toBeNull();
    expect(await feed.refusal(encodeSubmit(one))).toBe("ONCHAIN_UNDER_SIGNED");
    const lie = encodeUpdate(one, { ...set, threshold: 1 }) ?? "0x";
    expect(await feed.refusal(lie)).toBe("ONCHAIN_SIGNER_SET_STALE");
    expect(await publish(feed, 2)).toBe(GROUP_ENTRY);
  });

  it("prefers the group where a message has both, and goes back to the list when the group is gone", async () => {
    const feed = await makeFeed("prefers");
    const signers = feed.keys.slice(0, 2);
    expect(await publish(feed, 1, { signers })).toBe(GROUP_ENTRY);
    await setFeedGroup(fixture.account, fixture.contracts.registry, {
      feedHash: feed.feedHash,
      group: null,
    });
    expect(await feed.refusal(encodeSubmit(await feed.groupMessage(2)))).toBe(
      "ONCHAIN_GROUP_SIGNATURE_INVALID",
    );
    expect(await publish(feed, 2, { signers })).toBe(LIST_ENTRY);
    await setFeedGroup(fixture.account, fixture.contracts.registry, {
      feedHash: feed.feedHash,
      group: feed.group.address,
    });
    expect(await publish(feed, 3, { signers })).toBe(GROUP_ENTRY);
  });

  it("goes on with the group when its list has too few keys left, as long as k members are", async () => {
    const feed = await createGroupFeed(fixture, "list gone", {
      keys: threeKeys("list gone"),
      threshold: 2,
    });
    const [first, second] = feed.keys.map(addressOf);
    if (!first || !second) throw new Error("no keys");
    await status(first, "OFFLINE");
    expect(await publish(feed, 1)).toBe(GROUP_ENTRY);
    await status(second, "OFFLINE");
    // One of three is left: neither may sign.
    const refused = encodeSubmit(await feed.groupMessage(2));
    expect(await feed.refusal(refused)).toBe("ONCHAIN_GROUP_SUSPENDED");
    await status(second, "ACTIVE");
    expect(await publish(feed, 2)).toBe(GROUP_ENTRY);
  });
});

describe("a group key", () => {
  it("stops counting in the transaction that revokes it, while the list goes on", async () => {
    const feed = await makeFeed("revoked group");
    const pending = await feed.packed(await feed.groupMessage(1));
    await status(feed.group.address, "COMPROMISED");
    expect(await feed.refusal(pending)).toBe("ONCHAIN_KEY_NOT_ACTIVE");
    expect((await feed.signerSet()).group).toBeUndefined();
    expect(await publish(feed, 1, { signers: feed.keys.slice(0, 2) })).toBe(LIST_ENTRY);
    await expect(feed.attestGroup({ epoch: 1 })).rejects.toMatchObject({
      code: "DEPLOYMENT_FAILED",
    });
  });

  it("stops counting when one member is compromised, until it is shared anew without that member", async () => {
    const feed = await makeFeed("bad member");
    const [bad, ...rest] = feed.keys.map(addressOf);
    if (!bad) throw new Error("no key");
    const pending = await feed.packed(await feed.groupMessage(1));
    await status(bad, "COMPROMISED");
    expect(await feed.refusal(pending)).toBe("ONCHAIN_GROUP_SUSPENDED");
    const { keys } = fixture.contracts;
    expect(await readGroup(fixture.account, keys, feed.group.address)).toMatchObject({
      suspended: true,
      epoch: 0,
    });
    expect(await publish(feed, 1, { signers: feed.keys.slice(1) })).toBe(LIST_ENTRY);
    // The same epoch with other members would be the old shares under another name.
    await expect(feed.attestGroup({ members: rest })).rejects.toMatchObject({
      code: "DEPLOYMENT_FAILED",
    });
    await feed.attestGroup({ members: rest, epoch: 1 });
    expect(await publish(feed, 2)).toBe(GROUP_ENTRY);
    await expect(feed.attestGroup({ members: rest, epoch: 0 })).rejects.toMatchObject({
      code: "DEPLOYMENT_FAILED",
    });
  });

  it("ends with its attestation, needs no push for it, and counts again when renewed", async () => {
    const feed = await makeFeed("ending group");
    await feed.attestGroup({ notAfter: (await fixture.now()) + 50 });
    const set = await feed.signerSet();
    expect(await publish(feed, 1)).toBe(GROUP_ENTRY);
    await fixture.chain.ask("evm_increaseTime", 60);
    await fixture.chain.ask("evm_mine");
    const signers = feed.keys.slice(0, 2);
    const late = await feed.groupMessage(2, { signers });
    expect(await feed.refusal(encodeUpdate(late, set) ?? "0x")).toBe("ONCHAIN_KEY_EXPIRED");
    // The feed says itself that the group is over, and its list stands in.
    expect(await publish(feed, 2, { signers })).toBe(LIST_ENTRY);
    await feed.attestGroup();
    expect(await publish(feed, 3, { signers })).toBe(GROUP_ENTRY);
  });

  it("ends with a member that was renewed for less, in that transaction", async () => {
    const feed = await makeFeed("shortened member");
    const [key] = feed.keys;
    if (!key) throw new Error("no key");
    const end = (await fixture.now()) + 50;
    await fixture.attest(key, { notAfter: end });
    expect((await feed.signerSet()).group).toMatchObject({ notAfter: end });
    expect(await publish(feed, 1)).toBe(GROUP_ENTRY);
    const late = await feed.packed(await feed.groupMessage(2));
    await fixture.chain.ask("evm_increaseTime", 60);
    await fixture.chain.ask("evm_mine");
    expect(await feed.refusal(late)).toBe("ONCHAIN_KEY_EXPIRED");
  });

  it("is no hardware's any more when a member is none", async () => {
    const keys = threeKeys("softened");
    const hard = { hardware: true, tee: "sgx" } as const;
    const options = { keys, threshold: 2, requireHardware: true };
    const feed = await createGroupFeed(fixture, "softened", options);
    for (const key of keys) await fixture.attest(key, hard);
    await feed.attestGroup(hard);
    expect(await publish(feed, 1)).toBe(GROUP_ENTRY);
    const pending = await feed.packed(await feed.groupMessage(2));
    const [first] = keys;
    if (!first) throw new Error("no key");
    await fixture.attest(first);
    expect(await feed.refusal(pending)).toBe("ONCHAIN_HARDWARE_REQUIRED");
  });

  it("is refused with fewer members than the feed's threshold, and with another's address", async () => {
    const { account, contracts } = fixture;
    const feed = await createGroupFeed(fixture, "k of 2", {
      keys: threeKeys("k of 2"),
      threshold: 2,
      k: 2,
    });
    await feed.attestGroup({ k: 1, epoch: 1 });
    expect(await feed.refusal(encodeSubmit(await feed.groupMessage(1)))).toBe(
      "ONCHAIN_GROUP_TOO_SMALL",
    );
    const strict = await fixture.feed("strict k", { keys: threeKeys("strict k") });
    for (const group of [feed.group.address, addressOf(namedKey("nobody"))])
      await expect(
        setFeedGroup(account, contracts.registry, { feedHash: strict.feedHash, group }),
      ).rejects.toMatchObject({ code: "DEPLOYMENT_FAILED" });
    for (const change of [
      { x: feed.group.x + 1n },
      { parity: feed.group.parity === 27 ? 28 : 27 } as const,
      { members: [] },
      { members: [feed.group.address] },
      { k: 4 },
      { k: 0 },
      { svn: 2 },
      { notAfter: (await fixture.now()) + 31 * 86_400 },
      { hardware: true, tee: "sgx" } as const,
    ])
      await expect(feed.attestGroup({ epoch: 2, ...change })).rejects.toMatchObject({
        code: "DEPLOYMENT_FAILED",
      });
    await expect(
      fixture.attest({ ...namedKey("x"), record: { address: feed.group.address } } as never),
    ).rejects.toMatchObject({ code: "DEPLOYMENT_FAILED" });
  });

  it("does not count as a key of the list", async () => {
    const feed = await makeFeed("no single");
    const { account, contracts } = fixture;
    const address = await registerFeed(account, contracts.registry, {
      feedHash: namedHash("group as a single"),
      workload: WORKLOAD,
      signers: [feed.group.address],
      threshold: 1,
      ringSize: 0,
      decimals: 8,
      description: "x",
    });
    const data = feedAbi.encodeFunctionData("signerSet");
    const [, , members] = feedAbi
      .decodeFunctionResult("signerSet", await account.read(address, data))
      .toArray() as [bigint, bigint, Iterable<string>];
    expect([...members]).toEqual([]);
  });
});

describe("the floor of security versions", () => {
  it("takes older keys and groups out of use wherever it is pushed, and is never lowered", async () => {
    const { account, contracts } = fixture;
    const workload = namedHash("floor");
    const keys = threeKeys("floor");
    const feed = await makeFeed("floor");
    for (const key of keys) await fixture.attest(key, { workload, svn: 3 });
    const signers = {
      workload,
      threshold: 2,
      requireHardware: false,
      admitted: feed.keys.map(addressOf),
    };
    await account.send("new workload", {
      to: contracts.registry,
      data: registryAbi.encodeFunctionData("setSigners", [feed.feedHash, signers]),
    });
    await feed.attestGroup({ workload, svn: 3 });
    expect(await publish(feed, 1)).toBe(GROUP_ENTRY);
    const listed = await feed.packed(await feed.message(2, { signers: feed.keys.slice(0, 2) }));
    const grouped = await feed.packed(await feed.groupMessage(2));
    // By the verifiers, with the keys that it concerns.
    const change = { workload, floor: 4, keys: feed.keys.map(addressOf) };
    await raiseSvnFloor(account, contracts.keys, change, verifiers.slice(0, 2));
    expect(await feed.refusal(listed)).toBe("ONCHAIN_SVN_TOO_LOW");
    expect(await feed.refusal(grouped)).toBe("ONCHAIN_SVN_TOO_LOW");
    for (const floor of [4, 3])
      await expect(
        raiseSvnFloor(account, contracts.keys, { ...change, floor }),
      ).rejects.toMatchObject({ code: "DEPLOYMENT_FAILED" });
    const old = fixture.attest(feed.keys[0] ?? namedKey("x"), { workload, svn: 3 });
    await expect(old).rejects.toMatchObject({ code: "DEPLOYMENT_FAILED" });
    for (const key of feed.keys.slice(0, 2)) await fixture.attest(key, { workload, svn: 4 });
    expect(
      await feed.refusal(
        await feed.packed(await feed.message(2, { signers: feed.keys.slice(0, 2) })),
      ),
    ).toBeNull();
  });

  it("reaches feeds that it was not pushed to by anybody's push", async () => {
    const { account, contracts } = fixture;
    const workload = namedHash("pushed floor");
    const key = namedKey("pushed floor");
    const feed = await fixture.feed("pushed floor", { keys: [key] });
    await fixture.attest(key, { workload, svn: 1 });
    const admitted = [addressOf(key)];
    await account.send("new workload", {
      to: contracts.registry,
      data: registryAbi.encodeFunctionData("setSigners", [
        feed.feedHash,
        { workload, threshold: 1, requireHardware: false, admitted },
      ]),
    });
    const data = await feed.packed(await feed.message(1));
    await raiseSvnFloor(account, contracts.keys, { workload, floor: 2, keys: [] });
    expect(await feed.refusal(data)).toBeNull();
    await pushKeys(account, contracts.keys, admitted);
    expect(await feed.refusal(data)).toBe("ONCHAIN_SVN_TOO_LOW");
  });
});
