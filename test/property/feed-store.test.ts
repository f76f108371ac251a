import fc from "fast-check";
import { getBytes, hexlify } from "ethers";
import { beforeAll, describe, expect, it } from "vitest";
import { encodeSubmit, encodeUpdate } from "../../src/adapters/evm/encode-update.ts";
import { startTestChain } from "../support/anvil.ts";
import {
  createFeedFixture,
  namedKey,
  type FeedFixture,
  type TestFeed,
} from "../support/feed-fixture.ts";

let fixture: FeedFixture;
let single: TestFeed;
let quorum: TestFeed;
beforeAll(async () => {
  fixture = await createFeedFixture(await startTestChain());
  single = await fixture.feed("single", { keys: [namedKey("single")] });
  const keys = ["a", "b", "c", "d"].map((name) => namedKey(`quorum ${name}`));
  quorum = await fixture.feed("quorum", { keys, threshold: 2 });
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
  );
  await fc.assert(
    fc.asyncProperty(anything, async (data) => {
      const { fast, plain } = await judge(single, data);
      expect(fast).toBe(plain);
    }),
    { numRuns: 100 },
  );
});
