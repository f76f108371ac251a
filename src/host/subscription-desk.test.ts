import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  GOLD,
  keepRound,
  openSubscriberStage,
  SILVER,
  stageRound,
} from "../../test/support/subscriber-stage.ts";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { createManualClock } from "../core/manual-clock.ts";
import { SESSION_MS } from "./subscription-desk.ts";

const NOW = 1_700_000_000_000;
const nameOf = ({ round: { feed, round } }: { round: { feed: string; round: number } }) =>
  `${feed}:${round}`;
const ahead = { after: null, limit: 100, waitMs: 0 } as const;

const open = async (options: Parameters<typeof openSubscriberStage>[0] = {}) => {
  const stage = await openSubscriberStage({ clock: createManualClock(NOW), ...options });
  return { stage, desk: stage.fabric.subscriptions };
};

describe("a subscription", () => {
  it("gives what comes after it was made, in the order of the record, until it is acknowledged", async () => {
    const { stage, desk } = await open();
    await stage.commit(GOLD);
    await desk.ensure({ name: "s", feeds: [SILVER, GOLD], from: { kind: "now" } });
    await stage.commit(SILVER);
    await stage.commit(GOLD);
    const { session } = await desk.open("s", "one");
    const expected = ["xag-usd:1", "xau-usd:2"];
    const events = await desk.pull("s", { session, ...ahead });
    expect(events.map(nameOf)).toEqual(expected);
    expect((await desk.pull("s", { session, ...ahead })).map(nameOf)).toEqual(expected);
    await desk.acknowledge("s", session, events[0]?.position ?? 0);
    expect((await desk.pull("s", { session, ...ahead })).map(nameOf)).toEqual(["xau-usd:2"]);
    expect(await desk.get("s")).toMatchObject({ waiting: 1, acknowledgedAt: NOW });
  });

  it("pages by what is in hand, and never gives less than the cursor says", async () => {
    const { stage, desk } = await open();
    await desk.ensure({ name: "s", feeds: [GOLD], from: { kind: "now" } });
    for (let count = 0; count < 5; count += 1) await stage.commit(GOLD);
    const { session } = await desk.open("s", "one");
    const page = (after: number | null) => desk.pull("s", { session, after, limit: 2, waitMs: 0 });
    const first = await page(null);
    expect(first.map(nameOf)).toEqual(["xau-usd:1", "xau-usd:2"]);
    const second = await page(first.at(-1)?.position ?? null);
    expect(second.map(nameOf)).toEqual(["xau-usd:3", "xau-usd:4"]);
    await desk.acknowledge("s", session, second.at(-1)?.position ?? 0);
    expect((await page(0)).map(nameOf)).toEqual(["xau-usd:5"]);
  });

  it.each([
    [{ kind: "beginning" }, [1, 2, 3, 4]],
    [{ kind: "now" }, []],
    [{ kind: "time", time: NOW + 2_000 }, [2, 3, 4]],
    [{ kind: "time", time: NOW + 2_001 }, [3, 4]],
    [{ kind: "time", time: NOW + 90_000 }, []],
    [{ kind: "time", time: 0 }, [1, 2, 3, 4]],
    [{ kind: "round", feed: GOLD, round: 3 }, [3, 4]],
  ] as const)("begins at %j", async (from, expected) => {
    const { stage, desk } = await open();
    for (let round = 1; round <= 4; round += 1) await stage.commit(GOLD, NOW + round * 1_000);
    await desk.ensure({ name: "s", feeds: [GOLD], from });
    const { session } = await desk.open("s", "one");
    const rounds = async () =>
      (await desk.pull("s", { session, ...ahead })).map(({ round }) => round.round);
    expect(await rounds()).toEqual(expected);
    await stage.commit(GOLD);
    expect((await rounds()).at(-1)).toBe(5);
    await desk.seek("s", from.kind === "now" ? { kind: "beginning" } : from);
    await expect(desk.pull("s", { session, ...ahead })).rejects.toMatchObject({
      code: "SUBSCRIPTION_LOST",
    });
  });

  it("loses no round that is imported out of order", async () => {
    const { stage, desk } = await open();
    await desk.ensure({ name: "s", feeds: [GOLD], from: { kind: "now" } });
    const { session } = await desk.open("s", "one");
    await keepRound(stage.store, stageRound(GOLD, 8, NOW + 8));
    const [first] = await desk.pull("s", { session, ...ahead });
    expect(first && nameOf(first)).toBe("xau-usd:8");
    await desk.acknowledge("s", session, first?.position ?? 0);
    await keepRound(stage.store, stageRound(GOLD, 7, NOW + 7));
    expect((await desk.pull("s", { session, ...ahead })).map(nameOf)).toEqual(["xau-usd:7"]);
    // A beginning in time takes in whatever was issued since, in whatever order it came.
    await desk.seek("s", { kind: "time", time: NOW + 7 });
    const again = await desk.open("s", "one");
    expect((await desk.pull("s", { ...ahead, session: again.session })).map(nameOf)).toEqual([
      "xau-usd:8",
      "xau-usd:7",
    ]);
  });

  it("gives every round exactly once to who acknowledges all, whatever happens in between", async () => {
    const step = fc.oneof(
      fc.constantFrom("gold", "silver", "reopen", "seek-back").map((what) => ({ what, take: 0 })),
      fc.nat({ max: 5 }).map((take) => ({ what: "pull", take })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { stage, desk } = await open();
        await desk.ensure({ name: "s", feeds: [GOLD, SILVER], from: { kind: "beginning" } });
        let { session } = await desk.open("s", "one");
        const committed: string[] = [];
        const acknowledged: string[] = [];
        for (const { what, take } of steps) {
          if (what === "gold") committed.push(nameOf({ round: await stage.commit(GOLD) }));
          else if (what === "silver") committed.push(nameOf({ round: await stage.commit(SILVER) }));
          else if (what === "reopen") ({ session } = await desk.open("s", "one"));
          else if (what === "seek-back") {
            await desk.seek("s", { kind: "beginning" });
            acknowledged.length = 0;
            ({ session } = await desk.open("s", "one"));
          } else {
            const events = await desk.pull("s", { session, after: null, limit: 5, waitMs: 0 });
            const handled = events.slice(0, take);
            const last = handled.at(-1);
            if (last) await desk.acknowledge("s", session, last.position);
            acknowledged.push(...handled.map(nameOf));
          }
        }
        const rest = await desk.pull("s", { session, ...ahead });
        expect([...acknowledged, ...rest.map(nameOf)]).toEqual(committed);
        await stage.stop();
      }),
      { numRuns: 25 },
    );
  });

  it("keeps its cursor over a restart, and its session too", async () => {
    const folder = temporaryFolder();
    const { stage, desk } = await open({ folder });
    await desk.ensure({ name: "s", feeds: [GOLD], from: { kind: "now" } });
    await stage.commit(GOLD);
    await stage.commit(GOLD);
    const { session } = await desk.open("s", "one");
    const [first] = await desk.pull("s", { session, ...ahead });
    await desk.acknowledge("s", session, first?.position ?? 0);
    await stage.stop();
    const again = await open({ folder });
    await again.stage.commit(GOLD);
    const events = await again.desk.pull("s", { session, ...ahead });
    expect(events.map(nameOf)).toEqual(["xau-usd:2", "xau-usd:3"]);
  });
});

describe("one consumer at a time", () => {
  it("refuses a second one until the first is silent too long, then the first", async () => {
    const clock = createManualClock(NOW);
    const { stage, desk } = await open({ clock });
    await desk.ensure({ name: "s", feeds: [GOLD], from: { kind: "now" } });
    await stage.commit(GOLD);
    const first = await desk.open("s", "one");
    await expect(desk.open("s", "two")).rejects.toMatchObject({
      code: "SUBSCRIPTION_TAKEN",
      arguments: { consumer: "one" },
    });
    expect(await desk.get("s")).toMatchObject({ consumer: "one", heldUntil: NOW + SESSION_MS });
    await clock.advance(SESSION_MS - 1);
    await expect(desk.open("s", "two")).rejects.toMatchObject({ code: "SUBSCRIPTION_TAKEN" });
    await clock.advance(1);
    expect((await desk.get("s")).consumer).toBeNull();
    const second = await desk.open("s", "two");
    for (const work of [
      () => desk.pull("s", { ...ahead, session: first.session }),
      () => desk.renew("s", first.session),
      () => desk.acknowledge("s", first.session, 1),
    ])
      await expect(work()).rejects.toMatchObject({ code: "SUBSCRIPTION_LOST" });
    await desk.release("s", first.session);
    expect((await desk.pull("s", { ...ahead, session: second.session })).map(nameOf)).toEqual([
      "xau-usd:1",
    ]);
  });

  it("holds it for who reads or renews, and lets a silent one go on while nobody else came", async () => {
    const clock = createManualClock(NOW);
    const { desk } = await open({ clock });
    await desk.ensure({ name: "s", feeds: [GOLD], from: { kind: "now" } });
    const { session } = await desk.open("s", "one");
    for (let count = 0; count < 4; count += 1) {
      await clock.advance(SESSION_MS - 1);
      await desk.renew("s", session);
      await expect(desk.open("s", "two")).rejects.toMatchObject({ code: "SUBSCRIPTION_TAKEN" });
    }
    await clock.advance(SESSION_MS * 10);
    await desk.pull("s", { session, ...ahead });
    await expect(desk.open("s", "two")).rejects.toMatchObject({ code: "SUBSCRIPTION_TAKEN" });
  });

  it("gives it at once to the same consumer, and to the next when it is given back", async () => {
    const { desk } = await open();
    await desk.ensure({ name: "s", feeds: [GOLD], from: { kind: "now" } });
    const before = await desk.open("s", "one");
    const after = await desk.open("s", "one");
    await expect(desk.renew("s", before.session)).rejects.toMatchObject({
      code: "SUBSCRIPTION_LOST",
    });
    await desk.release("s", after.session);
    await desk.open("s", "two");
  });

  it("gives nothing to who was overtaken while he waited", async () => {
    const clock = createManualClock(NOW);
    const { stage, desk } = await open({ clock });
    await desk.ensure({ name: "s", feeds: [GOLD], from: { kind: "now" } });
    const { session } = await desk.open("s", "one");
    const waiting = desk.pull("s", { session, after: null, limit: 10, waitMs: 20_000 });
    await desk.open("s", "one");
    await stage.commit(GOLD);
    await expect(waiting).rejects.toMatchObject({ code: "SUBSCRIPTION_LOST" });
  });
});

describe("a wait", () => {
  it("ends with the first round, with its time, or with whoever waits", async () => {
    const clock = createManualClock(NOW);
    const { stage, desk } = await open({ clock });
    await desk.ensure({ name: "s", feeds: [GOLD], from: { kind: "now" } });
    const { session } = await desk.open("s", "one");
    const wait = (signal?: AbortSignal) =>
      desk.pull("s", { session, after: null, limit: 10, waitMs: 20_000 }, signal ? { signal } : {});
    const sleepers = clock.sleepers;
    const sleeping = () => expect.poll(() => clock.sleepers).toBe(sleepers + 1);

    const gone = new AbortController();
    const aborted = wait(gone.signal);
    await sleeping();
    gone.abort();
    expect(await aborted).toEqual([]);

    const timed = wait();
    await sleeping();
    await clock.advance(20_000);
    expect(await timed).toEqual([]);

    const woken = wait();
    await sleeping();
    await stage.commit(SILVER);
    await stage.commit(GOLD);
    expect((await woken).map(nameOf)).toEqual(["xau-usd:1"]);
    await expect.poll(() => clock.sleepers).toBe(sleepers);
  });
});

describe("what is refused", () => {
  it("an unknown name, feed or round, another subscription under a name, an acknowledgement ahead", async () => {
    const { stage, desk } = await open();
    await stage.commit(GOLD);
    const from = { kind: "now" } as const;
    const ensure = (feeds: string[], start: Parameters<typeof desk.ensure>[0]["from"] = from) =>
      desk.ensure({ name: "s", feeds: feeds as (typeof GOLD)[], from: start });
    await expect(ensure(["none"])).rejects.toMatchObject({ code: "FEED_UNKNOWN" });
    await expect(ensure([GOLD], { kind: "round", feed: GOLD, round: 9 })).rejects.toMatchObject({
      code: "ROUND_UNKNOWN",
    });
    await expect(ensure([GOLD], { kind: "round", feed: SILVER, round: 1 })).rejects.toMatchObject({
      code: "FEED_UNKNOWN",
    });
    const made = await ensure([GOLD, SILVER, GOLD]);
    expect(made.feeds).toEqual([SILVER, GOLD]);
    expect(await ensure([SILVER, GOLD], { kind: "beginning" })).toEqual(made);
    await expect(ensure([GOLD])).rejects.toMatchObject({ code: "SUBSCRIPTION_DIFFERS" });
    const { session } = await desk.open("s", "one");
    await expect(desk.acknowledge("s", session, 2)).rejects.toMatchObject({
      code: "SUBSCRIPTION_ACK_AHEAD",
      arguments: { position: 2, newest: 1 },
    });
    await desk.acknowledge("s", session, 1);
    await desk.acknowledge("s", session, 0);
    expect(await desk.get("s")).toMatchObject({ position: 1 });
    await desk.remove("s");
    for (const work of [
      () => desk.get("s"),
      () => desk.remove("s"),
      () => desk.open("s", "one"),
      () => desk.renew("s", session),
      () => desk.release("s", session),
      () => desk.pull("s", { session, ...ahead }),
      () => desk.acknowledge("s", session, 1),
      () => desk.seek("s", from),
    ])
      await expect(work()).rejects.toMatchObject({ code: "SUBSCRIPTION_UNKNOWN" });
  });
});
