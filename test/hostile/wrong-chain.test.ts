import { beforeAll, describe, expect, it } from "vitest";
import { encodeSubmit, encodeUpdate } from "../../src/adapters/evm/encode-update.ts";
import { keysAbi } from "../../src/adapters/evm/feed-abi.ts";
import { startTestChain } from "../support/anvil.ts";
import {
  addressOf,
  createFeedFixture,
  namedKey,
  type FeedFixture,
  type TestFeed,
} from "../support/feed-fixture.ts";
import { createGroupFeed, type GroupFeed } from "../support/group-feed.ts";

let here: FeedFixture;
let there: FeedFixture;
let feed: TestFeed;
let twin: TestFeed;
let group: GroupFeed;
let groupTwin: GroupFeed;
beforeAll(async () => {
  here = await createFeedFixture(await startTestChain());
  const other = await startTestChain();
  await other.ask("anvil_setChainId", 31_338);
  there = await createFeedFixture(other);
  const keys = [namedKey("both chains")];
  const make = async (fixture: FeedFixture) =>
    [
      await fixture.feed("on both", { keys }),
      await createGroupFeed(fixture, "group on both", { keys }),
    ] as const;
  [feed, group] = await make(here);
  [twin, groupTwin] = await make(there);
});

describe("between chains", () => {
  it("the same account deploys to the same addresses, so that nothing but the rules below keeps chains apart", () => {
    expect(there.contracts.keys).toBe(here.contracts.keys);
    expect(twin.address).toBe(feed.address);
  });

  it("an observation is the same fact, and each chain takes it once (docs/decisions/0047)", async () => {
    const message = await feed.message(1);
    const packed = encodeUpdate(message, await feed.signerSet()) ?? "0x";
    expect(await feed.send(packed)).toHaveProperty("receipt");
    const own = encodeUpdate(message, await twin.signerSet()) ?? "0x";
    expect(await twin.send(own)).toHaveProperty("receipt");
    for (const [target, data] of [
      [feed, packed],
      [twin, own],
    ] as const) {
      expect(await target.refusal(data)).toBe("ONCHAIN_ROUND_EXISTS");
      expect(await target.refusal(encodeSubmit(message))).toBe("ONCHAIN_ROUND_EXISTS");
    }
    const grouped = encodeSubmit(await group.groupMessage(1));
    for (const target of [group, groupTwin]) {
      expect(await target.send(grouped)).toHaveProperty("receipt");
      expect(await target.refusal(grouped)).toBe("ONCHAIN_ROUND_EXISTS");
    }
  });

  it("a verifier's result is for one chain and one contract", async () => {
    const key = namedKey("attested here only");
    await here.attest(key);
    const { account, contracts } = here;
    // The very transaction that was accepted here.
    const block = (await here.chain.ask("eth_getBlockByNumber", "latest", true)) as {
      transactions: { input: string }[];
    };
    const data = block.transactions[0]?.input ?? "0x";
    expect(data.slice(0, 10)).toBe(keysAbi.getFunction("register")?.selector);
    const call = { from: account.signer.address, to: contracts.keys, data };
    const answer = await there.chain.rpc.ask("eth_call", [call, "latest"]);
    expect(answer.ok).toBe(false);
    // A key that is attested on one chain signs nothing on the other.
    const message = await twin.message(2, { signers: [key] });
    expect(await twin.refusal(encodeSubmit(message))).toBe("ONCHAIN_SIGNER_UNKNOWN");
    expect(await feed.refusal(encodeSubmit(await feed.message(2, { signers: [key] })))).toBe(
      "ONCHAIN_SIGNER_NOT_ADMITTED",
    );
    expect(addressOf(key)).not.toBe(addressOf(namedKey("both chains")));
  });

  it("a revocation on one chain does not reach the other: it is sent to each", async () => {
    const [key] = feed.keys.map(addressOf);
    const data = keysAbi.encodeFunctionData("setStatus", [key, 2]);
    await here.account.send("revoke", { to: here.contracts.keys, data });
    expect(await feed.refusal(encodeSubmit(await feed.message(3)))).toBe("ONCHAIN_KEY_NOT_ACTIVE");
    expect(await twin.refusal(encodeSubmit(await twin.message(3)))).toBeNull();
  });
});

describe("between contracts of one chain", () => {
  it("calldata for one feed is refused by another of the same signers, whoever named it", async () => {
    const keys = [namedKey("one of two")];
    const a = await there.feed("contract a", { keys });
    const b = await there.feed("contract b", { keys });
    const packed = await a.packed(await a.message(1));
    expect(await b.refusal(packed)).toBe("ONCHAIN_SIGNER_UNKNOWN");
    const submit = encodeSubmit(await a.message(1));
    expect(await b.refusal(submit)).toBe("ONCHAIN_FEED_WRONG");
    // The same observation and signer, but the tag of a: the tag stands for the address.
    const message = await b.message(1, { feedHash: b.feedHash });
    const set = await a.signerSet();
    const lie = encodeUpdate(message, { ...set, notAfter: set.notAfter + 1 }) ?? "0x";
    expect(await b.refusal(lie)).toBe("ONCHAIN_SIGNER_SET_STALE");
    const heads = await Promise.all(
      [a, b].map(async (each) =>
        BigInt(String(await there.chain.ask("eth_getStorageAt", each.address, "0x0", "latest"))),
      ),
    );
    expect(heads[0]).not.toBe(heads[1]);
  });

  it("a group's calldata for one feed is refused by another feed of the same group", async () => {
    const keys = [namedKey("shared group member")];
    const a = await createGroupFeed(there, "group feed a", { keys });
    const b = await there.feed("group feed b", { keys });
    const packed = await a.packed(await a.groupMessage(1));
    expect(await b.refusal(packed)).toBe("ONCHAIN_GROUP_SIGNATURE_INVALID");
  });
});
