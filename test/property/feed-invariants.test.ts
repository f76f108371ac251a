import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { encodeSubmit, encodeUpdate } from "../../src/adapters/evm/encode-update.ts";
import { feedAbi } from "../../src/adapters/evm/feed-abi.ts";
import { setKeyStatus } from "../../src/adapters/evm/register-key.ts";
import { startTestChain } from "../support/anvil.ts";
import {
  addressOf,
  createFeedFixture,
  namedKey,
  type FeedFixture,
} from "../support/feed-fixture.ts";
import { createGroupFeed, type GroupFeed } from "../support/group-feed.ts";
import { namedGroupKey } from "../support/group-key.ts";

/** Rounds that the ring keeps beside the latest. */
const RING = 3;
const TAG = 2n ** 112n - 1n;

let fixture: FeedFixture;
beforeAll(async () => {
  fixture = await createFeedFixture(await startTestChain());
});

/** What the feed must hold, by what was accepted so far. */
interface Model {
  round: number;
  observedAt: number;
  /** Every round that landed, by number. */
  readonly landed: Map<number, readonly [bigint, number]>;
  /** Members that are in use, by index. */
  readonly active: boolean[];
  compromised: boolean;
}
type Real = GroupFeed;
type How = "group" | "list" | "group by submit" | "list by submit";

const proofSchema = z.object({ storageHash: z.string() });
const storageRoot = async (feed: Real): Promise<string> =>
  proofSchema.parse(await fixture.chain.ask("eth_getProof", feed.address, [], "latest"))
    .storageHash;
const head = async (feed: Real): Promise<bigint> =>
  BigInt(String(await fixture.chain.ask("eth_getStorageAt", feed.address, "0x0", "latest")));

/** A transaction that is mined whether or not the feed accepts it. */
const mine = async (feed: Real, data: string): Promise<boolean> => {
  const call = { from: fixture.account.signer.address, to: feed.address, data, gas: "0xf4240" };
  const hash = await fixture.chain.ask("eth_sendTransaction", call);
  for (;;) {
    const receipt = await fixture.chain.ask("eth_getTransactionReceipt", hash);
    if (receipt !== null) return z.object({ status: z.string() }).parse(receipt).status === "0x1";
  }
};

const isGroup = (how: How): boolean => how.startsWith("group");
const mayList = (model: Model): boolean => model.active.filter(Boolean).length >= 2;
const mayGroup = (model: Model): boolean => !model.compromised && mayList(model);

const encode = async (
  feed: Real,
  how: How,
  [round, observedAt, value]: readonly [number, number, bigint],
  forged: boolean,
): Promise<string> => {
  const now = await fixture.now();
  const change = { observedAt, value, validUntil: Math.max(observedAt, now) + 1_000 };
  const set = await feed.signerSet();
  const good = feed.keys.filter((key) => set.members.includes(addressOf(key))).slice(0, 2);
  const singles = forged ? [...good.slice(0, 1), namedKey("forger")] : good;
  const message = isGroup(how)
    ? await feed.groupMessage(round, {
        ...change,
        ...(forged ? { by: namedGroupKey("forger") } : {}),
      })
    : await feed.message(round, { ...change, signers: singles });
  if (how.endsWith("submit")) return encodeSubmit(message);
  return encodeUpdate(message, set) ?? encodeSubmit(message);
};

/** What must be true of the feed after each step. */
const check = async (model: Model, feed: Real): Promise<void> => {
  const [round, answer, updatedAt] = await feed.latest();
  const [value, time] = model.landed.get(model.round) ?? [0n, 0];
  expect([round, answer, updatedAt]).toEqual([BigInt(model.round), value, BigInt(time)]);
  // The ring answers true rounds and no others.
  const numbers = [...model.landed.keys()].slice(-RING - 3);
  for (const number of new Set([...numbers, model.round + 1, model.round - 1])) {
    if (number < 1) continue;
    const answered = (await feed.read("getRoundData", BigInt(number))).map(Number);
    const known = model.landed.get(number);
    const truth = known ? [number, Number(known[0]), known[1], known[1], number] : [0, 0, 0, 0, 0];
    // An older one may have been overwritten; then it is unknown, never another.
    const expected = answered[0] === 0 && number !== model.round ? [0, 0, 0, 0, 0] : truth;
    expect(answered).toEqual(expected);
  }
};

/** One message that is sent. */
interface Message {
  readonly how: How;
  /** Round, from the last one. */
  readonly step: number;
  /** Time, s, from the last one's. */
  readonly ahead: number;
  readonly value: bigint;
  readonly forged: boolean;
}

/** Sends it; the model says whether it lands. */
const sendMessage = async (message: Message, model: Model, feed: Real): Promise<void> => {
  const { how, forged, value } = message;
  const round = Math.max(0, model.round + message.step);
  const last = model.observedAt === 0 ? (await fixture.now()) - 500 : model.observedAt;
  const observedAt = last + message.ahead;
  const data = await encode(feed, how, [round, observedAt, value], forged);
  const [root, before] = await Promise.all([storageRoot(feed), head(feed)]);
  const accepted = await mine(feed, data);
  const expected =
    !forged &&
    (isGroup(how) ? mayGroup(model) : mayList(model)) &&
    round > model.round &&
    observedAt > model.observedAt &&
    observedAt <= (await fixture.now()) + 60;
  expect(accepted, JSON.stringify({ ...message, value: String(value) })).toBe(expected);
  // A message never changes who may sign.
  expect((await head(feed)) & TAG).toBe(before & TAG);
  if (accepted) {
    model.round = round;
    model.observedAt = observedAt;
    model.landed.set(round, [value, observedAt]);
  } else expect(await storageRoot(feed)).toBe(root);
  await check(model, feed);
};

/** A change of one member's key: the one thing, beside the registry, that changes the tag. */
interface KeyChange {
  readonly member: number;
  readonly status: "ACTIVE" | "OFFLINE" | "COMPROMISED";
}

const changeKey = async (change: KeyChange, model: Model, feed: Real): Promise<void> => {
  const key = feed.keys[change.member];
  if (!key) throw new Error("no key");
  const before = await head(feed);
  const { status } = change;
  await setKeyStatus(fixture.account, fixture.contracts.keys, { key: addressOf(key), status });
  model.active[change.member] = status === "ACTIVE";
  model.compromised ||= status === "COMPROMISED";
  const after = await head(feed);
  expect(after >> 112n).toBe(before >> 112n);
  expect((after & TAG) !== 0n).toBe(mayGroup(model) || mayList(model));
  await check(model, feed);
};

/** Anybody reads the keys again: nothing is different afterwards. */
const refresh = async (model: Model, feed: Real): Promise<void> => {
  const root = await storageRoot(feed);
  expect(await mine(feed, feedAbi.encodeFunctionData("refreshSigners"))).toBe(true);
  expect(await storageRoot(feed)).toBe(root);
  await check(model, feed);
};

type Step = fc.AsyncCommand<Model, Real>;
const step = (
  name: string,
  run: Step["run"],
  check_: (model: Readonly<Model>) => boolean = () => true,
): Step => ({ run, check: check_, toString: () => name });

const publish = fc
  .record({
    how: fc.constantFrom<How>("group", "list", "group by submit", "list by submit"),
    step: fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: 1, max: 4 }) },
      fc.integer({ min: -3, max: 0 }),
    ),
    ahead: fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 1, max: 5 }) },
      fc.constantFrom(0, -1, -100, 100_000),
    ),
    value: fc.bigInt({ min: -1_000_000n, max: 1_000_000n }),
    forged: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
  })
  .map((message) =>
    step(
      `${message.forged ? "forged " : ""}${message.how} step ${message.step} ahead ${message.ahead}`,
      (model, feed) => sendMessage(message, model, feed),
    ),
  );
const change = fc
  .tuple(
    fc.nat({ max: 2 }),
    fc.constantFrom(
      "ACTIVE" as const,
      "OFFLINE" as const,
      "OFFLINE" as const,
      "COMPROMISED" as const,
    ),
  )
  .map(([member, status]) =>
    step(
      `member ${member} ${status}`,
      (model, feed) => changeKey({ member, status }, model, feed),
      ({ compromised, active }) => !compromised && active[member] !== (status === "ACTIVE"),
    ),
  );

it("a feed is what its accepted messages made it, whatever comes in whatever order", async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.commands([publish, publish, publish, change, fc.constant(step("refresh", refresh))], {
        maxCommands: 14,
      }),
      async (commands) => {
        runs += 1;
        const name = `invariants ${runs}`;
        const keys = [0, 1, 2].map((index) => namedKey(`${name} ${index}`));
        const feed = await createGroupFeed(fixture, name, { keys, threshold: 2, ringSize: RING });
        const setup = () => ({
          model: {
            round: 0,
            observedAt: 0,
            landed: new Map<number, readonly [bigint, number]>(),
            active: [true, true, true],
            compromised: false,
          },
          real: feed,
        });
        await fc.asyncModelRun(setup, commands);
      },
    ),
    { numRuns: 12 },
  );
}, 180_000);
