import type { Contract } from "ethers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SignedPayload } from "../../src/adapters/evm/encode-update.ts";
import {
  ask,
  createFacadeFixture,
  refusalOf,
  type FacadeFixture,
} from "../support/facade-fixture.ts";
import { evmEngines, type EvmEngine } from "../support/evm-engines.ts";
import { namedHash, namedKey, type MessageChange, type TestFeed } from "../support/feed-fixture.ts";
import { twinOf } from "../support/signature-twin.ts";

const HOUR = 3_600;
/** As `HostileReceiver` numbers them. */
const MOODS = [
  "TAKES",
  "REVERTS",
  "BURNS",
  "BOMBS",
  "BOMBS_REVERTING",
  "REENTERS",
  "DENIES",
  "BURNS_ASKED",
] as const;
const STATES = ["NOT_ATTEMPTED", "SUCCEEDED", "FAILED", "RUNNING"] as const;

describe.each(evmEngines)("attacks on the forwarder on $name", ({ available, start }) => {
  const isThere = available("attacks on the forwarder");
  let engine: EvmEngine;
  let fixture: FacadeFixture;
  let forwarder: Contract;
  beforeAll(async () => {
    if (!isThere) return;
    engine = await start();
    fixture = await createFacadeFixture(engine);
    const { registry } = fixture.contracts;
    forwarder = await fixture.facade({ kind: "forwarder", registry, gasLimit: 300_000 });
  }, 120_000);
  afterAll(async () => {
    fixture?.provider.destroy();
    await engine?.stop();
  });

  /** A receiver, a feed of two of three, and means to report to it. */
  const stage = async (name: string) => {
    const receiver = await fixture.consumer("HostileReceiver");
    const address = await receiver.getAddress();
    const keys = ["a", "b", "c"].map((letter) => namedKey(`${name} ${letter}`));
    const feed: TestFeed = await fixture.feed(name, { keys, threshold: 2 });
    const message = (round: number, change: MessageChange = {}) =>
      feed.message(round, { signers: feed.keys.slice(0, 2), ...change });
    const wordsOf = ({ payload, signatures }: SignedPayload, to = address) => [
      to,
      payload,
      "0x",
      signatures,
    ];
    return {
      receiver,
      address,
      feed,
      message,
      wordsOf,
      behave: (mood: (typeof MOODS)[number], again = "0x") =>
        fixture.send(receiver, "behave", [MOODS.indexOf(mood), again]),
      refusal: (signed: SignedPayload, to = address) =>
        refusalOf(forwarder, "report", wordsOf(signed, to)),
      /** Sends a report; what the event says of the receiver, or null when the transaction was reverted. */
      report: async (signed: SignedPayload, gasLimit = 3_000_000n) => {
        const words = wordsOf(signed);
        const { status, logs } = await fixture.send(forwarder, "report", words, { gasLimit });
        const [processed] = logs.flatMap((log) => forwarder.interface.parseLog(log) ?? []);
        return status === 1 ? (processed?.args[3] as boolean) : null;
      },
      state: async () => {
        const [round, , state] = await ask(forwarder, "latestDelivery", address, feed.feedHash);
        return [Number(round), STATES[Number(state)]];
      },
      taken: async () => Number((await ask(receiver, "taken"))[0]),
    };
  };

  it.runIf(isThere)("refuses what no quorum signed and what is not of its time", async () => {
    const { message, refusal, feed, state, taken } = await stage("unsigned");
    const now = await fixture.now();
    const [a = namedKey("a"), b = namedKey("b")] = feed.keys;
    const good = await message(1);
    const [first = new Uint8Array(), second = new Uint8Array()] = good.signatures;
    const changed = Uint8Array.from(good.payload);
    changed[95] = (changed[95] ?? 0) ^ 1;
    const cases: readonly [string, SignedPayload][] = [
      ["InvalidSignatures", await message(1, { signers: [a, namedKey("nobody")] })],
      ["InvalidSignatures", await message(1, { signers: [a] })],
      ["InvalidSignatures", await message(1, { signers: [] })],
      ["InvalidSignatures", await message(1, { signers: [b, b] })],
      ["InvalidSignatures", { ...good, payload: changed }],
      ["InvalidSignatures", { ...good, signatures: [first, twinOf(second)] }],
      ["InvalidSignatures", { ...good, signatures: [first, second.subarray(0, 64)] }],
      ["InvalidSignatures", { ...good, signatures: [second.subarray(0, 52)] }],
      ["UnknownFeed", await message(1, { feedHash: namedHash("of no feed") })],
      ["FutureDated", await message(1, { observedAt: now + HOUR })],
      ["ReportExpired", await message(1, { observedAt: now - HOUR, validUntil: now - 1 })],
      ["InvalidReport", await message(0)],
      ["InvalidReport", { ...good, payload: good.payload.subarray(0, 191) }],
      ["InvalidReport", { ...good, payload: new Uint8Array(100_000) }],
      ["ValueDoesNotFit", await message(1, { value: -1n })],
    ];
    for (const [name, signed] of cases) expect(await refusal(signed)).toBe(name);
    expect(
      await refusalOf(forwarder, "report", [
        await forwarder.getAddress(),
        good.payload,
        "0x00",
        good.signatures,
      ]),
    ).toBe("UnexpectedContext");
    expect(await refusal(good)).toBeNull();
    expect([await state(), await taken()]).toEqual([[0, "NOT_ATTEMPTED"], 0]);
  });

  it.runIf(isThere)(
    "carries each round once and in order, and lets nobody use up the numbers",
    async () => {
      const { message, refusal, report, state, taken } = await stage("order");
      const now = await fixture.now();
      const at = (round: number, observedAt: number) => message(round, { observedAt });
      const third = await at(3, now);
      expect(await report(third)).toBe(true);
      expect(await refusal(third)).toBe("DuplicateReport");
      expect(await report(third)).toBeNull();
      expect(await refusal(await at(3, now + 1))).toBe("DuplicateReport");
      expect(await refusal(await at(2, now - 1))).toBe("OldReport");
      expect(await refusal(await at(4, now))).toBe("ObservedAtNotIncreasing");
      expect(await refusal(await at(0xffff_ffff, now + 1))).toBe("RoundTooFar");
      expect(await refusal(await at(3 + 65_536 + 1_001, now + 1))).toBe("RoundTooFar");
      expect(await report(await at(3 + 65_536 + 1_000, now + 1))).toBe(true);
      expect([await state(), await taken()]).toEqual([[66_539, "SUCCEEDED"], 2]);
    },
  );

  it.runIf(isThere)(
    "asks the receiver whether it is one, and is not held up by how it answers",
    async () => {
      const { message, refusal, behave, report, taken } = await stage("asked");
      const good = await message(1);
      expect(await refusal(good, fixture.userAddress)).toBe("InvalidReceiver");
      expect(await refusal(good, fixture.contracts.keys)).toBe("InvalidReceiver");
      for (const mood of ["DENIES", "BURNS_ASKED"] as const) {
        await behave(mood);
        expect(await refusal(good), mood).toBe("InvalidReceiver");
      }
      await behave("TAKES");
      expect([await report(good), await taken()]).toEqual([true, 1]);
    },
  );

  it.runIf(isThere).each(["REVERTS", "BURNS", "BOMBS_REVERTING"] as const)(
    "a receiver that %s harms only itself; the same report may come again",
    async (mood) => {
      const bad = await stage(`bad ${mood}`);
      const good = await stage(`good ${mood}`);
      await bad.behave(mood);
      const first = await bad.message(1);
      expect(await bad.report(first)).toBe(false);
      expect([await bad.state(), await bad.taken()]).toEqual([[1, "FAILED"], 0]);
      expect(await good.report(await good.message(1))).toBe(true);
      // Only the very same message, and only because it failed.
      const now = await fixture.now();
      const another = await bad.message(1, { value: 5n, observedAt: now + 30 });
      expect(await bad.refusal(another)).toBe("DuplicateReport");
      await bad.behave("TAKES");
      expect(await bad.report(first)).toBe(true);
      expect([await bad.state(), await bad.taken()]).toEqual([[1, "SUCCEEDED"], 1]);
      expect(await bad.refusal(first)).toBe("DuplicateReport");
      // Nor does a failure hold up the rounds behind it.
      await bad.behave(mood);
      const later = (await fixture.now()) + 10;
      expect(await bad.report(await bad.message(2, { observedAt: later }))).toBe(false);
      await bad.behave("TAKES");
      expect(await bad.report(await bad.message(3, { observedAt: later + 10 }))).toBe(true);
      expect([await bad.state(), await bad.taken()]).toEqual([[3, "SUCCEEDED"], 2]);
    },
  );

  it.runIf(isThere)("copies nothing of a long answer", async () => {
    const { message, behave, wordsOf } = await stage("bomb");
    const now = await fixture.now();
    const used = async (round: number) => {
      const signed = await message(round, { observedAt: now + round });
      const sent = await fixture.send(forwarder, "report", wordsOf(signed));
      expect(sent.status).toBe(1);
      return Number(sent.gasUsed);
    };
    await used(1);
    const before = await used(2);
    await behave("BOMBS");
    const after = await used(3);
    // The receiver pays for its 100,000 bytes (28,000 gas); a copy would cost as much again and 9,000 more.
    expect(after - before).toBeLessThan(32_000);
  });

  it.runIf(isThere)("a receiver that reenters gets nothing twice", async () => {
    const { message, behave, report, wordsOf, receiver, taken, state } = await stage("reenters");
    const first = await message(1);
    await behave("REENTERS", forwarder.interface.encodeFunctionData("report", wordsOf(first)));
    expect(await report(first)).toBe(true);
    expect(await ask(receiver, "reentered")).toEqual([false]);
    expect([await state(), await taken()]).toEqual([[1, "SUCCEEDED"], 1]);
  });

  it.runIf(isThere)("a receiver that reenters with the next round changes nothing", async () => {
    const { message, behave, report, wordsOf, receiver, taken, state } = await stage("nests");
    const now = await fixture.now();
    const next = await message(2, { observedAt: now + 2 });
    await behave("REENTERS", forwarder.interface.encodeFunctionData("report", wordsOf(next)));
    // A receiver has what the forwarder gives it, and another report takes more than that.
    expect(await report(await message(1, { observedAt: now + 1 }), 10_000_000n)).toBe(true);
    expect(await ask(receiver, "reentered")).toEqual([false]);
    expect([await state(), await taken()]).toEqual([[1, "SUCCEEDED"], 1]);
    await behave("TAKES");
    expect(await report(next)).toBe(true);
    expect([await state(), await taken()]).toEqual([[2, "SUCCEEDED"], 2]);
  });

  it.runIf(isThere)("a carrier cannot starve a receiver", async () => {
    const { message, report, state, taken } = await stage("starved");
    const good = await message(1);
    for (const gasLimit of [150_000n, 300_000n, 350_000n]) {
      expect(await report(good, gasLimit), String(gasLimit)).toBeNull();
      expect(await state()).toEqual([0, "NOT_ATTEMPTED"]);
    }
    expect(await refusalOf(forwarder, "report", ["0x".padEnd(42, "1"), "0x", "0x", []])).toBe(
      "InvalidReport",
    );
    expect([await report(good), await taken()]).toEqual([true, 1]);
  });

  it.runIf(isThere)(
    "cannot be made with a limit that no receiver can use, or no block can hold",
    async () => {
      const { registry } = fixture.contracts;
      for (const gasLimit of [19_999, 10_000_001])
        await expect(
          fixture.facade({ kind: "forwarder", registry, gasLimit }),
        ).rejects.toMatchObject({ code: "DEPLOYMENT_FAILED" });
    },
  );
});
