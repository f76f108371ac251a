import fc from "fast-check";
import { concat, dataSlice, getBytes, hexlify, toBeHex } from "ethers";
import { beforeAll, describe, expect, it } from "vitest";
import { encodeSubmit, encodeUpdate } from "../../src/adapters/evm/encode-update.ts";
import { startTestChain } from "../support/anvil.ts";
import { namedGroupKey } from "../support/group-key.ts";
import { createGroupFeed, type GroupFeed } from "../support/group-feed.ts";
import {
  createFeedFixture,
  namedKey,
  type FeedFixture,
  type TestFeed,
} from "../support/feed-fixture.ts";

let fixture: FeedFixture;
let single: TestFeed;
let quorum: TestFeed;
let group: GroupFeed;
beforeAll(async () => {
  fixture = await createFeedFixture(await startTestChain());
  single = await fixture.feed("single", { keys: [namedKey("single")] });
  const keys = ["a", "b", "c", "d"].map((name) => namedKey(`quorum ${name}`));
  quorum = await fixture.feed("quorum", { keys, threshold: 2 });
  group = await createGroupFeed(fixture, "group", { keys, threshold: 2 });
});

it("the comparison below really runs other code in the feed's place", async () => {
  const call = { to: single.address, data: "0xfeaf968c" };
  const { rpc } = fixture.chain;
  const overrides = { [single.address]: { code: "0xfe" } };
  expect((await rpc.ask("eth_call", [call, "latest", overrides])).ok).toBe(false);
  expect((await rpc.ask("eth_call", [call, "latest"])).ok).toBe(true);
});

/** Whether calldata would be accepted by the feed, and by `FeedLogic` alone in the feed's storage. */
const judge = async (feed: TestFeed, data: string): Promise<{ fast: boolean; plain: boolean }> => {
  const call = { from: fixture.account.signer.address, to: feed.address, data };
  // ERC-1167: a contract that only delegates. In the feed's place it leaves every decision to the plain rules.
  const code = `0x363d3d373d3d3d363d73${fixture.contracts.logic.slice(2)}5af43d82803e903d91602b57fd5bf3`;
  const { rpc } = fixture.chain;
  const [fast, plain] = await Promise.all([
    rpc.ask("eth_call", [call, "latest"]),
    rpc.ask("eth_call", [call, "latest", { [feed.address]: { code } }]),
  ]);
  return { fast: fast.ok, plain: plain.ok };
};

const flip = (data: string, position: number, mask: number): string => {
  const bytes = getBytes(data);
  const at = position % bytes.length;
  bytes[at] = (bytes[at] ?? 0) ^ mask;
  return hexlify(bytes);
};

const message = fc.record({
  round: fc.integer({ min: 1, max: 0xffff_ffff }),
  value: fc.bigInt({ min: -(2n ** 79n), max: 2n ** 79n - 1n }),
  ahead: fc.integer({ min: -1_000_000, max: 60 }),
  validFor: fc.integer({ min: 0, max: 100_000 }),
});
const mask = fc.integer({ min: 1, max: 255 });
const position = fc.nat({ max: 10_000 });
const pair = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 2, maxLength: 2 });

const sign = async (
  feed: TestFeed,
  {
    round,
    value,
    ahead,
    validFor,
  }: { round: number; value: bigint; ahead: number; validFor: number },
  chosen?: readonly number[],
) => {
  const now = await fixture.now();
  const signers = chosen?.flatMap((index) => feed.keys[index] ?? []) ?? feed.keys;
  return await feed.message(round, {
    value,
    signers,
    observedAt: now + ahead,
    validUntil: now + 100 + validFor,
  });
};

/** The packed entry of the group, and the plain one. */
const groupForms = async (drawn: Parameters<typeof sign>[1], by = group.group) => {
  const { payload } = await sign(group, drawn, []);
  const signed = { payload, signatures: [by.signPayload(payload)] };
  return [encodeUpdate(signed, await group.signerSet()) ?? "0x", encodeSubmit(signed)] as const;
};

describe("what a group signed", () => {
  it("is accepted by both entries, and beside it what its members signed singly", async () => {
    await fc.assert(
      fc.asyncProperty(message, pair, async (drawn, chosen) => {
        const singly = await sign(group, drawn, chosen);
        const list = encodeUpdate(singly, await group.signerSet()) ?? "0x";
        for (const data of [...(await groupForms(drawn)), list, encodeSubmit(singly)])
          expect(await judge(group, data)).toEqual({ fast: true, plain: true });
      }),
      { numRuns: 30 },
    );
  });

  it("is refused when a bit of it was changed, or when another group signed", async () => {
    await fc.assert(
      fc.asyncProperty(message, position, mask, async (drawn, at, bits) => {
        const [packed, submit] = await groupForms(drawn);
        const behind = 4 + (at % (packed.length / 2 - 5));
        // The plain entry's payload and signature; the words between them say where they are, and may say it in more ways.
        const inSubmit = at % 2 === 0 ? 100 + (at % 192) : submit.length / 2 - 1 - 64 + (at % 52);
        const stranger = namedGroupKey(`stranger ${at}`);
        for (const data of [
          flip(packed, behind, bits),
          flip(submit, inSubmit, bits),
          ...(await groupForms(drawn, stranger)),
        ])
          expect(await judge(group, data)).toEqual({ fast: false, plain: false });
      }),
      { numRuns: 120 },
    );
  });

  it("is refused under every other key, group and form of the equation", async () => {
    const drawn = { round: 7, value: 1n, ahead: 0, validFor: 10 };
    const [packed] = await groupForms(drawn);
    const n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const word = (data: string, at: number, value: bigint) =>
      concat([dataSlice(data, 0, at), toBeHex(value, 32), dataSlice(data, at + 32)]);
    const z = BigInt(dataSlice(packed, 100, 132));
    const stranger = namedGroupKey("stranger");
    const withR = (address: string) => concat([dataSlice(packed, 0, 132), address]);
    for (const data of [
      word(packed, 100, 0n),
      word(packed, 100, n),
      word(packed, 100, n - z),
      ...(z + n < 2n ** 256n ? [word(packed, 100, z + n)] : []),
      word(packed, 68, stranger.x),
      word(packed, 68, 0n),
      word(packed, 68, n),
      word(packed, 68, group.group.x + 1n),
      withR(`0x${"0".repeat(40)}`),
      withR(group.address),
      `${packed}00`,
      dataSlice(packed, 0, 151),
    ])
      expect(await judge(group, data)).toEqual({ fast: false, plain: false });
    // With z = 0, or where nothing is recovered, the answer of the precompile is empty and must not be read as address 0.
    const empty = withR(`0x${"0".repeat(40)}`);
    for (const data of [word(empty, 100, 0n), word(empty, 68, 0n), word(empty, 68, n)])
      expect(await judge(group, data)).toEqual({ fast: false, plain: false });
    // Another feed of the same group and keys is another address under the tag.
    expect(await judge(quorum, packed)).toEqual({ fast: false, plain: false });
  });
});

describe("what is encoded and signed here", () => {
  it("is accepted by both entries, by the fast path and by the plain rules", async () => {
    await fc.assert(
      fc.asyncProperty(message, pair, async (drawn, chosen) => {
        for (const feed of [single, quorum]) {
          const signed = await sign(feed, drawn, feed === quorum ? chosen : undefined);
          const packed = encodeUpdate(signed, await feed.signerSet()) ?? "0x";
          expect(await judge(feed, packed)).toEqual({ fast: true, plain: true });
          expect(await judge(feed, encodeSubmit(signed))).toEqual({ fast: true, plain: true });
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe("what was changed afterwards", () => {
  it("is refused, whichever bit of the packed calldata it is", async () => {
    await fc.assert(
      fc.asyncProperty(message, position, mask, async (drawn, at, bits) => {
        for (const feed of [single, quorum]) {
          const signed = await sign(feed, drawn, [0, 2].slice(0, feed === quorum ? 2 : 1));
          const packed = encodeUpdate(signed, await feed.signerSet()) ?? "0x";
          // Behind the selector: another selector is another function.
          const changed = flip(packed, 4 + (at % (packed.length / 2 - 5)), bits);
          expect(await judge(feed, changed)).toEqual({ fast: false, plain: false });
        }
      }),
      { numRuns: 150 },
    );
  });

  it("is refused, whichever bit of payload or signature it is", async () => {
    await fc.assert(
      fc.asyncProperty(
        message,
        position,
        mask,
        fc.boolean(),
        async (drawn, at, bits, inPayload) => {
          const signed = await sign(single, drawn);
          const [signature] = signed.signatures;
          const changed = inPayload
            ? { ...signed, payload: getBytes(flip(hexlify(signed.payload), at, bits)) }
            : {
                ...signed,
                signatures: [getBytes(flip(hexlify(signature ?? new Uint8Array()), at, bits))],
              };
          expect(await judge(single, encodeSubmit(changed))).toEqual({ fast: false, plain: false });
        },
      ),
      { numRuns: 100 },
    );
  });
});

it("fast path and plain rules agree on calldata that nobody signed", async () => {
  const words = fc.uint8Array({ minLength: 0, maxLength: 400 });
  const anything = fc.oneof(
    words.map((bytes) => hexlify(bytes)),
    words.map((bytes) => `0x00000074${hexlify(bytes).slice(2)}`),
    words.map((bytes) => `0x0000001a${hexlify(bytes).slice(2)}`),
    // Of the right length, so that more than the length is judged.
    fc
      .uint8Array({ minLength: 148, maxLength: 148 })
      .map((bytes) => `0x0000001a${hexlify(bytes).slice(2)}`),
  );
  await fc.assert(
    fc.asyncProperty(anything, async (data) => {
      for (const feed of [single, group]) {
        const { fast, plain } = await judge(feed, data);
        expect(fast).toBe(plain);
      }
    }),
    { numRuns: 100 },
  );
});
