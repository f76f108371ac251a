import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Bus } from "../../src/bus/bus.ts";
import { createMemoryBus } from "../../src/bus/memory/memory-bus.ts";
import { checkBundleQuorum } from "../../src/coordinator/bundle-quorum.ts";
import { encodeMessage, memberSubject } from "../../src/coordinator/quorum-messages.ts";
import { toEnvelopes } from "../../src/coordinator/statement.ts";
import { signEnvelope } from "../../src/envelope/dsse-sign.ts";
import { OBSERVATION_SOLABI_TYPE, OBSERVATION_TYPE } from "../../src/envelope/observation.ts";
import { createStoreBusLog } from "../../src/store/bus-log.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import { digestSchema } from "../../src/core/ids.ts";
import { codeOf } from "../support/code-of.ts";
import {
  createMember,
  FABRIC,
  FEED,
  feedOf,
  signAs,
  startTestHost,
  statementOf,
} from "../support/quorum-fixture.ts";

// Whoever can write to the bus can ask a host of a quorum. What it gets is a refusal, and the host runs nothing for it.

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("a stranger on the bus", () => {
  let store: Store;
  let bus: Bus;
  beforeAll(async () => {
    store = await openStore({ driver: "libsql", file: ":memory:" });
    bus = await createMemoryBus({ log: createStoreBusLog(store) });
  });
  afterAll(async () => {
    await bus.close();
    await store.close();
  });

  const [a, b, c] = ["a", "b", "c"].map(createMember);
  if (!a || !b || !c) throw new Error("the fixture has three members");
  const feed = feedOf([a, b, c]);
  const open = async (options: Partial<Parameters<typeof startTestHost>[0]> = {}) => {
    const leader = await startTestHost({ bus, member: a, feed });
    const host = await startTestHost({ bus, member: b, feed, ...options });
    onTestFinished(async () => {
      await leader.follower.stop();
      await host.follower.stop();
    });
    return host;
  };
  const ask = (data: Uint8Array) =>
    bus.request(memberSubject(FABRIC, "b"), data, { timeoutMs: 5_000 });
  const propose = (
    statement: ReturnType<typeof statementOf>,
    leader: ReturnType<typeof signAs>,
    text = statement.text,
  ) => ask(encodeMessage({ kind: "propose", feed: FEED, statement: text, leader }));

  it("cannot say what is no message", async () => {
    const host = await open();
    const deep = `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`;
    for (const text of ["", "null", "[]", "{", deep, '{"format":"cryptlet-quorum/v2"}'])
      await expect(ask(bytes(text))).rejects.toMatchObject({ code: "QUORUM_MESSAGE_INVALID" });
    const statement = statementOf(1, { previous: null });
    const more = JSON.stringify({
      format: "cryptlet-quorum/v1",
      kind: "propose",
      feed: FEED,
      statement: statement.text,
      leader: signAs(a, statement),
      extra: true,
    });
    await expect(ask(bytes(more))).rejects.toMatchObject({ code: "QUORUM_MESSAGE_INVALID" });
    expect(host.asked).toEqual([]);
  });

  it("cannot send more than a statement may have", async () => {
    const host = await open();
    const statement = statementOf(1, { previous: null });
    const long = statement.text + " ".repeat(262_145);
    await expect(propose(statement, signAs(a, statement), long)).rejects.toMatchObject({
      code: "QUORUM_MESSAGE_INVALID",
    });
    await expect(ask(new Uint8Array(600_000))).rejects.toMatchObject({
      code: "BUS_PAYLOAD_TOO_LARGE",
    });
    expect(host.asked).toEqual([]);
  });

  it("cannot make a host run for a statement that no member signed", async () => {
    const host = await open();
    const statement = statementOf(1, { previous: null });
    const stranger = { ...createMember("x"), id: "a" };
    const other = statementOf(2, { previous: null });
    const good = signAs(a, statement);
    const forged = [
      signAs(stranger, statement),
      signAs(a, other),
      { ...good, json: signAs(c, statement).json },
      { ...good, onchain: signAs(c, statement).onchain },
      { ...good, onchain: null },
      { ...good, onchain: good.json },
      { ...good, member: "c" },
    ];
    for (const leader of forged)
      await expect(propose(statement, leader)).rejects.toMatchObject({
        code: "QUORUM_MESSAGE_INVALID",
      });
    for (const member of ["x", "b"])
      await expect(propose(statement, { ...good, member })).rejects.toMatchObject({
        code: "QUORUM_MEMBER_UNKNOWN",
      });
    const changed = statement.text.replace("2650.10", "2650.11");
    await expect(propose(statement, good, changed)).rejects.toMatchObject({
      code: "QUORUM_MESSAGE_INVALID",
    });
    expect(host.asked).toEqual([]);
  });

  it("cannot have a feed signed that is another's, or not served", async () => {
    const host = await open();
    const statement = statementOf(1, { previous: null });
    const request = {
      kind: "propose" as const,
      statement: statement.text,
      leader: signAs(a, statement),
    };
    const asked = JSON.stringify({ format: "cryptlet-quorum/v1", ...request, feed: "silver" });
    await expect(ask(bytes(asked))).rejects.toMatchObject({ code: "FEED_NOT_SERVED" });
    expect(host.asked).toEqual([]);
  });

  it("cannot replay what is on record, and gets the same signatures for what was signed", async () => {
    const digest = digestSchema.parse(`sha256:${"5".repeat(64)}`);
    const host = await open({ latest: async () => ({ round: 6, envelopeDigest: digest }) });
    for (const round of [5, 6]) {
      const statement = statementOf(round);
      await expect(propose(statement, signAs(a, statement))).rejects.toMatchObject({
        code: "ENDORSEMENT_REFUSED",
        arguments: { field: "round" },
      });
    }
    expect(host.asked).toEqual([]);
    const statement = statementOf(7);
    const first = await propose(statement, signAs(a, statement));
    for (let i = 0; i < 5; i += 1)
      expect(await propose(statement, signAs(a, statement))).toEqual(first);
    expect(host.asked).toHaveLength(1);
  });

  it("gains nothing by a flood: one run for all of it, and an end to what is answered", async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const host = await open({
      endorse: async (statement) => {
        await gate;
        return signAs(b, statement);
      },
    });
    const statement = statementOf(1, { previous: null });
    const leader = signAs(a, statement);
    const flood = Array.from({ length: 200 }, () => propose(statement, leader));
    const settled = Promise.allSettled(flood);
    // Those above the bound are refused at once, while the run still waits.
    const codes = await Promise.race(flood.slice(64).map((each) => each.then(() => "", toCode)));
    expect(codes).toBe("QUORUM_BUSY");
    release();
    const results = await settled;
    const fulfilled = results.filter(({ status }) => status === "fulfilled");
    expect(fulfilled.length).toBeGreaterThan(0);
    expect(fulfilled.length).toBeLessThanOrEqual(64);
    expect(host.asked).toHaveLength(1);
    const other = statementOf(2, { previous: null });
    await propose(other, signAs(a, other));
    expect(host.asked).toHaveLength(2);
  });

  it("cannot bring two statements at a time to one feed", async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    await open({
      endorse: async (statement) => {
        await gate;
        return signAs(b, statement);
      },
    });
    const first = statementOf(1, { previous: null });
    const running = propose(first, signAs(a, first));
    const second = statementOf(2, { previous: null });
    // The first one is under way as soon as the second one is refused for it.
    let refusal = "";
    while (refusal !== "QUORUM_BUSY")
      refusal = await propose(second, signAs(a, second)).then(() => "", toCode);
    release();
    await running;
    expect(refusal).toBe("QUORUM_BUSY");
  });

  it("with a member's keys, but without its evidence, is not counted", async () => {
    const host = await open({ bound: () => [] });
    const statement = statementOf(1, { previous: null });
    await expect(propose(statement, signAs(a, statement))).rejects.toMatchObject({
      code: "QUORUM_MEMBER_REFUSED",
    });
    expect(host.asked).toEqual([]);
  });

  it("that answers in a member's place is not counted", async () => {
    const leader = await startTestHost({ bus, member: a, feed });
    const statement = statementOf(1, { previous: null });
    const impostor = { ...createMember("b"), id: "b" };
    const subscription = await bus.subscribe(memberSubject(FABRIC, "b"), {}, () =>
      encodeMessage({ signature: signAs(impostor, statement) }),
    );
    onTestFinished(async () => {
      await subscription.stop();
      await leader.follower.stop();
    });
    const { signatures, refusals } = await leader.leader.collect(feed, statement, {
      atHand: [signAs(a, statement)],
      signal: new AbortController().signal,
    });
    expect(signatures).toHaveLength(1);
    expect(refusals.map(({ member }) => member).toSorted()).toEqual(["b", "c"]);
  });

  it("cannot make a leader believe in rounds that nobody signed", async () => {
    const leader = await startTestHost({ bus, member: a, feed });
    const honest = await startTestHost({ bus, member: c, feed });
    const statement = statementOf(9);
    const forged = encodeMessage({
      statements: [
        { statement: statement.text, signatures: [{ ...signAs(b, statement), member: "c" }] },
      ],
    });
    const introduced = encodeMessage({
      evidence: { type: feed.measurement, body: "e30=" },
    });
    const subscription = await bus.subscribe(memberSubject(FABRIC, "b"), {}, ({ data }) =>
      new TextDecoder().decode(data).includes("introduce") ? introduced : forged,
    );
    onTestFinished(async () => {
      await subscription.stop();
      await leader.follower.stop();
      await honest.follower.stop();
    });
    expect(await leader.leader.recover(feed, 0, { signal: new AbortController().signal })).toEqual(
      [],
    );
  });
});

describe("a bundle on the bus", () => {
  const [a, b, c] = ["a", "b", "c"].map(createMember);
  if (!a || !b || !c) throw new Error("the fixture has three members");
  const statement = statementOf(1, { previous: null });

  it("counts members and not keys, and both forms", () => {
    const rotated = createMember("a");
    const twice = { ...a, keys: [...a.keys, ...rotated.keys] };
    const quorum = { members: [twice, b, c], threshold: 2 };
    const one = toEnvelopes(statement, [signAs(a, statement), signAs(rotated, statement)]);
    expect(codeOf(() => checkBundleQuorum(one, quorum))).toBe("THRESHOLD_NOT_MET");
    const two = toEnvelopes(statement, [signAs(a, statement), signAs(c, statement)]);
    expect(codeOf(() => checkBundleQuorum(two, quorum))).toBe("none");
    const alone = {
      envelope: signEnvelope(OBSERVATION_TYPE, statement.payload, [a.json, c.json]),
      onchain: signEnvelope(OBSERVATION_SOLABI_TYPE, statement.onchain ?? new Uint8Array(), [
        a.evm,
      ]),
    };
    expect(codeOf(() => checkBundleQuorum(alone, quorum))).toBe("THRESHOLD_NOT_MET");
    expect(
      codeOf(() =>
        checkBundleQuorum(
          { ...two, envelope: { ...two.envelope, payloadType: OBSERVATION_SOLABI_TYPE } },
          quorum,
        ),
      ),
    ).toBe("THRESHOLD_NOT_MET");
  });
});

const toCode = (error: unknown): string => (error as { code: string }).code;
