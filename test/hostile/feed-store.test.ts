import { beforeAll, describe, expect, it } from "vitest";
import { concat, dataSlice, getBytes, hexlify, Interface } from "ethers";
import { encodeSubmit, encodeUpdate } from "../../src/adapters/evm/encode-update.ts";
import type { SignedPayload } from "../../src/adapters/evm/encode-update.ts";
import { feedAbi } from "../../src/adapters/evm/feed-abi.ts";
import { setKeyStatus } from "../../src/adapters/evm/register-key.ts";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { startTestChain } from "../support/anvil.ts";
import {
  addressOf,
  createFeedFixture,
  namedHash,
  namedKey,
  type FeedFixture,
  type MessageChange,
  type TestFeed,
} from "../support/feed-fixture.ts";

const HOUR = 3_600;
let fixture: FeedFixture;
/** One signer. */
let feed: TestFeed;
/** Two of three. */
let quorum: TestFeed;
beforeAll(async () => {
  fixture = await createFeedFixture(await startTestChain());
  feed = await fixture.feed("hostile", { keys: [namedKey("hostile")] });
  quorum = await fixture.feed("quorum", { keys: ["q1", "q2", "q3"].map(namedKey), threshold: 2 });
  for (const each of [feed, quorum])
    await each.send(await each.packed(await each.message(5, { signers: each.keys.slice(0, 2) })));
});

/** The codes with which the two entries refuse, each once; "changed" when a reader sees a difference. */
const refusalsOf = async (
  target: TestFeed,
  message: SignedPayload,
): Promise<readonly (string | null)[]> => {
  const before = await target.latest();
  const packed = encodeUpdate(message, await target.signerSet());
  const codes = new Set([await target.refusal(encodeSubmit(message))]);
  if (packed !== null) codes.add(await target.refusal(packed));
  if (String(await target.latest()) !== String(before)) codes.add("changed");
  return [...codes];
};

/** The other signature that holds for the same message. */
const twin = (signature: Uint8Array): Uint8Array => {
  const bytes = Uint8Array.from(signature);
  const s = BigInt(hexlify(bytes.subarray(32, 64)));
  bytes.set(getBytes(`0x${(secp256k1.Point.CURVE().n - s).toString(16).padStart(64, "0")}`), 32);
  bytes[64] = bytes[64] === 27 ? 28 : 27;
  return bytes;
};

describe("a feed refuses", () => {
  const cases: readonly [string, (now: number) => MessageChange & { round?: number }, string][] = [
    ["a round it has", () => ({ round: 5 }), "ONCHAIN_ROUND_EXISTS"],
    ["an older round", () => ({ round: 4 }), "ONCHAIN_ROUND_OLD"],
    ["round 0", () => ({ round: 0 }), "ONCHAIN_ROUND_OLD"],
    [
      "a time that does not grow",
      (now) => ({ observedAt: now - HOUR }),
      "ONCHAIN_TIME_NOT_INCREASING",
    ],
    ["a time ahead of the chain", (now) => ({ observedAt: now + HOUR }), "ONCHAIN_FUTURE_DATED"],
    [
      "a key that nobody attested",
      () => ({ signers: [namedKey("nobody")] }),
      "ONCHAIN_SIGNER_UNKNOWN",
    ],
  ];
  it.each(cases)("%s", async (_, change, code) => {
    const { round = 6, ...rest } = change(await fixture.now());
    expect(await refusalsOf(feed, await feed.message(round, rest))).toEqual([code]);
  });

  it("a jump that uses up the round numbers, of a key that everybody trusts", async () => {
    const now = await fixture.now();
    const stolen = await fixture.feed("stolen", { keys: [namedKey("stolen")] });
    const at = async (round: number, observedAt: number) =>
      await stolen.message(round, { observedAt, validUntil: now + 1_000 });
    // A chain joins a feed that is old already.
    const first = 3_000_000_000;
    expect(await stolen.send(await stolen.packed(await at(first, now - 100)))).toHaveProperty(
      "receipt",
    );
    for (const [round, observedAt] of [
      [0xffff_ffff, now + 10],
      [first + 65_536 + 60_000 + 1, now - 40],
    ] as const)
      expect(await refusalsOf(stolen, await at(round, observedAt))).toEqual([
        "ONCHAIN_ROUND_TOO_FAR",
      ]);
    // Behind an outage, and one after the other on the short way.
    for (const [round, observedAt] of [
      [first + 65_536 + 60_000, now - 40],
      [first + 2 * 65_536 + 60_000, now - 39],
    ] as const)
      expect(await stolen.send(await stolen.packed(await at(round, observedAt)))).toHaveProperty(
        "receipt",
      );
  });

  it("a message past its end", async () => {
    const now = await fixture.now();
    const late = await fixture.feed("late", { keys: [namedKey("late")] });
    const times = { observedAt: now - HOUR, validUntil: now - 1 };
    expect(await refusalsOf(late, await late.message(1, times))).toEqual([
      "ONCHAIN_OBSERVATION_EXPIRED",
    ]);
  });

  it("an end before the beginning", async () => {
    const now = await fixture.now();
    const message = await feed.message(6, { observedAt: now + 30, validUntil: now + 20 });
    expect(encodeUpdate(message, await feed.signerSet())).toBeNull();
  });

  it("a message for another feed", async () => {
    const message = await feed.message(6, { feedHash: namedHash("another") });
    expect(await feed.refusal(encodeSubmit(message))).toBe("ONCHAIN_FEED_WRONG");
    expect(await feed.refusal(await feed.packed(message))).toBe("ONCHAIN_SIGNER_UNKNOWN");
  });

  it("values and numbers that its slot cannot hold", async () => {
    const wide: [MessageChange, string][] = [
      [{ value: 2n ** 79n }, "ONCHAIN_VALUE_OUT_OF_RANGE"],
      [{ value: -(2n ** 79n) - 1n }, "ONCHAIN_VALUE_OUT_OF_RANGE"],
      [{ observedAt: 2 ** 32 }, "ONCHAIN_NUMBER_OUT_OF_RANGE"],
      [{ validUntil: 2 ** 32 }, "ONCHAIN_NUMBER_OUT_OF_RANGE"],
    ];
    const set = await feed.signerSet();
    for (const [change, code] of wide) {
      const message = await feed.message(6, change);
      expect(await feed.refusal(encodeSubmit(message))).toBe(code);
      expect(() => encodeUpdate(message, set)).toThrow(expect.objectContaining({ code }));
    }
  });

  it("the twin of a good signature", async () => {
    const message = await feed.message(6);
    const signatures = message.signatures.map(twin);
    expect(await refusalsOf(feed, { ...message, signatures })).toEqual([
      "ONCHAIN_SIGNATURE_MALLEABLE",
    ]);
  });

  it("signatures that are of no key", async () => {
    const message = await feed.message(6);
    const broken = [
      new Uint8Array(65),
      Uint8Array.from(message.signatures[0] ?? []).fill(0, 0, 32),
      Uint8Array.from(message.signatures[0] ?? []).fill(29, 64),
      Uint8Array.from(message.signatures[0] ?? []).fill(0, 64),
    ];
    for (const signature of broken)
      expect(await refusalsOf(feed, { ...message, signatures: [signature] })).toEqual([
        "ONCHAIN_SIGNATURE_INVALID",
      ]);
  });

  it("calldata, payloads and signatures that are cut or padded", async () => {
    const message = await feed.message(6);
    const packed = await feed.packed(message);
    for (const data of [dataSlice(packed, 0, 132), `${packed}00`, dataSlice(packed, 0, 68)])
      expect(await feed.refusal(data)).toBe("ONCHAIN_LENGTH_WRONG");
    const parts: SignedPayload[] = [
      { ...message, payload: message.payload.subarray(0, 191) },
      { ...message, payload: getBytes(concat([message.payload, "0x00"])) },
      { ...message, signatures: message.signatures.map((each) => each.subarray(0, 64)) },
    ];
    for (const part of parts)
      expect(await feed.refusal(encodeSubmit(part))).toBe("ONCHAIN_LENGTH_WRONG");
    for (const data of [
      "0x",
      "0x00",
      dataSlice(packed, 0, 3),
      "0xdeadbeef",
      dataSlice(packed, 0, 40),
    ])
      expect(await feed.refusal(data)).not.toBeNull();
  });

  it("fewer signatures than its threshold, and the same one twice", async () => {
    const one = await quorum.message(6, { signers: quorum.keys.slice(0, 1) });
    expect(await refusalsOf(quorum, one)).toEqual(["ONCHAIN_UNDER_SIGNED"]);
    expect(await refusalsOf(quorum, { ...one, signatures: [] })).toEqual(["ONCHAIN_UNDER_SIGNED"]);
    const twice = { ...one, signatures: [...one.signatures, ...one.signatures] };
    expect(await refusalsOf(quorum, twice)).toEqual(["ONCHAIN_SIGNER_DUPLICATE"]);
  });

  it("one good signature beside one of a stranger", async () => {
    const signers = [...quorum.keys.slice(0, 1), namedKey("stranger")];
    expect(await refusalsOf(quorum, await quorum.message(6, { signers }))).toEqual([
      "ONCHAIN_SIGNER_UNKNOWN",
    ]);
  });

  it("a key that is attested but not admitted, or attested for other code", async () => {
    const outsider = namedKey("outsider");
    await fixture.attest(outsider);
    const message = await feed.message(6, { signers: [outsider] });
    expect(await refusalsOf(feed, message)).toEqual(["ONCHAIN_SIGNER_NOT_ADMITTED"]);
    await fixture.attest(outsider, { workload: namedHash("other code") });
    expect(await refusalsOf(feed, message)).toEqual(["ONCHAIN_WORKLOAD_WRONG"]);
  });

  it("a simulated key where it demands hardware", async () => {
    const options = { keys: [namedKey("soft")], requireHardware: true };
    const strict = await fixture.feed("hardware only", options);
    expect(await refusalsOf(strict, await strict.message(1))).toEqual([
      "ONCHAIN_HARDWARE_REQUIRED",
    ]);
    await fixture.attest(namedKey("soft"), { tee: "sgx", hardware: true });
    expect(await strict.send(await strict.packed(await strict.message(1)))).toHaveProperty(
      "receipt",
    );
  });

  it("keys in each state that is not active", async () => {
    const key = namedKey("leaving");
    const leaving = await fixture.feed("leaving", { keys: [key] });
    const message = await leaving.message(1);
    for (const status of ["OFFLINE", "DECOMMISSIONED", "COMPROMISED"] as const) {
      await setKeyStatus(fixture.account, fixture.contracts.keys, { key: addressOf(key), status });
      expect(await refusalsOf(leaving, message)).toEqual(["ONCHAIN_KEY_NOT_ACTIVE"]);
    }
  });

  it("a signer set of the caller's own making", async () => {
    const mallory = namedKey("mallory");
    const set = await quorum.signerSet();
    const message = await quorum.message(6, { signers: [mallory, ...quorum.keys.slice(1, 2)] });
    const members = [addressOf(mallory), ...set.members.slice(1)];
    const own = [
      { ...set, members, threshold: 1 },
      { ...set, members },
      { ...set, members: [addressOf(mallory)], threshold: 1 },
      { ...set, notAfter: 2 ** 32 - 1, members },
    ];
    for (const made of own) {
      const data = encodeUpdate(message, made);
      expect(await quorum.refusal(data ?? "0x")).toBe("ONCHAIN_SIGNER_UNKNOWN");
    }
    const honest = await quorum.message(6, { signers: quorum.keys.slice(0, 2) });
    const lies = [
      { ...set, threshold: 1 },
      { ...set, notAfter: set.notAfter + 1 },
      { ...set, members: set.members.slice(0, 2) },
    ];
    for (const lie of lies) {
      const data = encodeUpdate(honest, lie);
      expect(await quorum.refusal(data ?? "0x")).toBe("ONCHAIN_SIGNER_SET_STALE");
    }
  });

  it("orders from anybody but its registry, and ether from all", async () => {
    const orders = new Interface([
      "function setSigners((bytes32 workload, uint8 threshold, bool requireHardware, address[] admitted) signers)",
    ]);
    const admitted = [addressOf(namedKey("mallory"))];
    const signers = { workload: feed.feedHash, threshold: 1, requireHardware: false, admitted };
    const data = orders.encodeFunctionData("setSigners", [signers]);
    expect(await feed.refusal(data)).toBe("ONCHAIN_NOT_ALLOWED");
    const gift = { from: fixture.account.signer.address, to: feed.address, value: "0x1" };
    for (const call of [gift, { ...gift, data: await feed.packed(await feed.message(6)) }])
      expect((await fixture.chain.rpc.ask("eth_call", [call, "latest"])).ok).toBe(false);
  });
});

it("every event that a feed emits is one that Chainlink's indexers know", () => {
  expect(feedAbi.getEvent("AnswerUpdated")?.topicHash).toMatch(/^0x0559884f/);
  expect(feedAbi.getEvent("NewRound")?.topicHash).toMatch(/^0x0109fc6f/);
});
