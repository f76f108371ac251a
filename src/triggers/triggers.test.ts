import { EventEmitter, once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import { createInbox, type Inbox } from "../../test/support/inbox.ts";
import type { Clock } from "../core/clock.ts";
import type { FeedId } from "../core/ids.ts";
import { createManualClock, type ManualClock } from "../core/manual-clock.ts";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import { moveCursor, readCursor } from "../store/trigger-cursors.ts";
import type { FeedSchedule } from "./schedule.ts";
import { phaseOf } from "./slots.ts";
import type { TriggerEvent } from "./trigger-event.ts";
import { cursorId, startTriggers, type Triggers } from "./triggers.ts";

const gold = "xau-usd" as FeedId;
const schedule: FeedSchedule = { intervalMs: 10_000, heartbeatMs: 60_000, deviationPpm: null };
/** A slot of gold's. */
const SLOT = 1_700_000_000_000 + phaseOf(gold, 10_000);

const openMemory = async (): Promise<Store> => {
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  onTestFinished(() => store.close());
  return store;
};

interface Rig {
  readonly triggers: Triggers;
  readonly events: Inbox<TriggerEvent>;
  readonly faults: Inbox<unknown>;
  readonly turns: FeedId[];
}

const start = async (
  store: Store,
  clock: Clock,
  change: {
    readonly feeds?: readonly FeedId[];
    readonly handle?: (event: TriggerEvent) => Promise<void>;
  } = {},
): Promise<Rig> => {
  const events = createInbox<TriggerEvent>();
  const faults = createInbox<unknown>();
  const turns: FeedId[] = [];
  const triggers = await startTriggers({
    store,
    clock,
    feeds: (change.feeds ?? [gold]).map((feed) => ({ feed, schedule })),
    handle: async (event) => {
      events.add(event);
      await change.handle?.(event);
    },
    fault: (_, error) => faults.add(error),
    progress: (feed) => turns.push(feed),
  });
  onTestFinished(() => triggers.stop());
  return { triggers, events, faults, turns };
};

/** Lets what was woken by I/O of the database run, without moving time. */
const settle = async (clock: ManualClock): Promise<void> => {
  for (let i = 0; i < 20; i += 1) await clock.advance(0);
};
const advance = async (clock: ManualClock, milliseconds: number): Promise<void> => {
  await settle(clock);
  await clock.advance(milliseconds);
  await settle(clock);
};
const slots = (events: Inbox<TriggerEvent>): string[] => events.items.map((event) => event.id);
const key = (slot: number): string => `xau-usd:interval:${slot}`;

describe("intervals", () => {
  it("fire at once for a new feed, then at each slot, and keep the cursor", async () => {
    const store = await openMemory();
    const clock = createManualClock(SLOT + 4_000);
    const { events } = await start(store, clock);
    await advance(clock, 0);
    expect(events.items).toEqual([
      { id: key(SLOT), kind: "interval", feed: gold, at: SLOT + 4_000, missed: 0 },
    ]);
    await advance(clock, 5_999);
    expect(events.items).toHaveLength(1);
    await advance(clock, 1);
    await advance(clock, 10_000);
    expect(slots(events)).toEqual([key(SLOT), key(SLOT + 10_000), key(SLOT + 20_000)]);
    expect(await readCursor(store.db, cursorId(gold))).toBe(String(SLOT + 20_000));
  });

  it("make one event of the slots that a downtime missed", async () => {
    const store = await openMemory();
    await moveCursor(store.db, cursorId(gold), String(SLOT), 0);
    const clock = createManualClock(SLOT + 73_000);
    const { events } = await start(store, clock);
    await advance(clock, 0);
    expect(events.items).toMatchObject([{ id: key(SLOT + 70_000), missed: 6 }]);
  });

  it("wait for the next slot after a short restart", async () => {
    const store = await openMemory();
    await moveCursor(store.db, cursorId(gold), String(SLOT), 0);
    const clock = createManualClock(SLOT + 3_000);
    const { events } = await start(store, clock);
    await advance(clock, 6_999);
    expect(events.items).toHaveLength(0);
    await advance(clock, 1);
    expect(slots(events)).toEqual([key(SLOT + 10_000)]);
  });

  it("take a cursor that makes no sense for none", async () => {
    const store = await openMemory();
    await moveCursor(store.db, cursorId(gold), "yesterday", 0);
    const clock = createManualClock(SLOT);
    const { events } = await start(store, clock);
    await advance(clock, 0);
    expect(slots(events)).toEqual([key(SLOT)]);
  });

  it("never overlap: a long run swallows the slots that it covers", async () => {
    const store = await openMemory();
    const clock = createManualClock(SLOT);
    const gate = new EventEmitter();
    let running = 0;
    const { events, faults } = await start(store, clock, {
      handle: async () => {
        running += 1;
        expect(running).toBe(1);
        if (events.items.length === 1) await once(gate, "open");
        running -= 1;
      },
    });
    await advance(clock, 35_000);
    expect(faults.items).toEqual([]);
    expect(events.items).toHaveLength(1);
    gate.emit("open");
    await advance(clock, 0);
    expect(events.items[1]).toMatchObject({ id: key(SLOT + 30_000), missed: 2 });
  });

  it("come again when the effect failed, and the cursor waits", async () => {
    const store = await openMemory();
    const clock = createManualClock(SLOT);
    const { events, faults } = await start(store, clock, {
      handle: async () => {
        if (events.items.length < 3) throw new Error("database away");
      },
    });
    await advance(clock, 0);
    expect(await readCursor(store.db, cursorId(gold))).toBeNull();
    await advance(clock, 200);
    await advance(clock, 400);
    expect(slots(events)).toEqual([key(SLOT), key(SLOT), key(SLOT)]);
    expect(faults.items).toHaveLength(2);
    expect(await readCursor(store.db, cursorId(gold))).toBe(String(SLOT));
    await advance(clock, 9_400);
    expect(events.items.at(-1)?.id).toBe(key(SLOT + 10_000));
  });

  it("show progress while there is nothing to do", async () => {
    const store = await openMemory();
    const clock = createManualClock(SLOT);
    const { turns } = await start(store, clock);
    await advance(clock, 0);
    const before = turns.length;
    await advance(clock, 10_000);
    expect(turns.length).toBeGreaterThan(before);
  });
});

describe("a clock that steps", () => {
  const stepping = (): {
    readonly manual: ManualClock;
    readonly clock: Clock;
    step(ms: number): void;
  } => {
    const manual = createManualClock(SLOT);
    let offset = 0;
    return {
      manual,
      clock: { ...manual, now: () => manual.now() + offset },
      step: (ms) => {
        offset += ms;
      },
    };
  };

  it("back by an hour makes no silence and uses no key twice", async () => {
    const store = await openMemory();
    const { manual, clock, step } = stepping();
    const { events } = await start(store, clock);
    await advance(manual, 10_000);
    step(-3_600_000);
    await advance(manual, 10_000);
    await advance(manual, 10_000);
    expect(slots(events)).toEqual([0, 1, 2, 3].map((n) => key(SLOT + n * 10_000)));
    expect(events.items[3]?.at).toBe(SLOT + 30_000 - 3_600_000);
  });

  it("forward by an hour makes one event", async () => {
    const store = await openMemory();
    const { manual, clock, step } = stepping();
    const { events } = await start(store, clock);
    await advance(manual, 10_000);
    step(3_600_000);
    await advance(manual, 10_000);
    expect(events.items).toHaveLength(3);
    expect(events.items[2]).toMatchObject({ id: key(SLOT + 3_620_000), missed: 360 });
    await advance(manual, 10_000);
    expect(events.items[3]).toMatchObject({ id: key(SLOT + 3_630_000), missed: 0 });
  });
});

describe("many feeds", () => {
  it("that are all overdue start one after the other, longest overdue first", async () => {
    const store = await openMemory();
    const feeds = Array.from({ length: 20 }, (_, i) => `feed-${i}` as FeedId);
    for (const [i, feed] of feeds.entries())
      await moveCursor(store.db, cursorId(feed), String(SLOT - 1_000_000 - i * 1_000), 0);
    const clock = createManualClock(SLOT);
    const { events } = await start(store, clock, { feeds });
    await advance(clock, 0);
    expect(events.items.map((event) => event.feed)).toEqual(["feed-19"]);
    await advance(clock, 1_900);
    const firsts = new Map(events.items.toReversed().map((event) => [event.feed, event.at]));
    const order = [...firsts].toSorted(([, a], [, b]) => a - b);
    expect(order).toEqual(feeds.toReversed().map((feed, place) => [feed, SLOT + place * 100]));
  });
});

describe("by hand", () => {
  it("runs now, between slots, with a key of its own", async () => {
    const store = await openMemory();
    const clock = createManualClock(SLOT);
    const { triggers, events } = await start(store, clock);
    await advance(clock, 0);
    await triggers.fire(gold);
    await triggers.fire(gold);
    expect(events.items.slice(1).map((event) => event.kind)).toEqual(["manual", "manual"]);
    expect(new Set(slots(events)).size).toBe(3);
    await advance(clock, 10_000);
    expect(events.items.at(-1)?.id).toBe(key(SLOT + 10_000));
  });

  it("gives the run's fault to who asked", async () => {
    const store = await openMemory();
    const clock = createManualClock(SLOT);
    const { triggers } = await start(store, clock, {
      handle: async (event) => {
        if (event.kind === "manual") throw new Error("refused");
      },
    });
    await expect(triggers.fire(gold)).rejects.toThrow("refused");
    await expect(triggers.fire("none" as FeedId)).rejects.toMatchObject({ code: "FEED_UNKNOWN" });
  });
});

describe("what is asked for under an id", () => {
  it("is a run of its own, told before it begins, while nameless calls share one", async () => {
    const store = await openMemory();
    const clock = createManualClock(SLOT);
    const begun: string[] = [];
    const seen: string[] = [];
    const triggers = await startTriggers({
      store,
      clock,
      feeds: [{ feed: gold, schedule: { ...schedule, intervalMs: 86_400_000 } }],
      handle: async ({ id, kind }, begin) => {
        await begin();
        seen.push(`${kind} ${kind === "request" ? id : ""}`);
        return `${seen.length}:${begun.length}`;
      },
      fault: () => {},
      progress: () => {},
    });
    const ask = (id: string) =>
      triggers.fire(gold, {
        id,
        begin: async () => {
          begun.push(id);
        },
      });
    const asked = [triggers.fire(gold), ask("a"), triggers.fire(gold), ask("b")];
    await advance(clock, 0);
    const [first, a, second, b] = await Promise.all(asked);
    expect(first).toBe(second);
    expect(a).not.toBe(b);
    expect(begun).toEqual(["a", "b"]);
    expect(seen.filter((what) => what.startsWith("manual"))).toHaveLength(1);
    expect(seen.filter((what) => what.startsWith("request"))).toEqual(["request a", "request b"]);
    await triggers.stop();
  });

  it("does not keep a slot from its turn", async () => {
    const store = await openMemory();
    const clock = createManualClock(SLOT);
    const kinds: string[] = [];
    const triggers = await startTriggers({
      store,
      clock,
      feeds: [{ feed: gold, schedule }],
      handle: async ({ kind }) => {
        kinds.push(kind);
      },
      fault: () => {},
      progress: () => {},
    });
    const asked = [1, 2, 3].map((id) =>
      triggers.fire(gold, { id: String(id), begin: async () => {} }),
    );
    await advance(clock, 0);
    await Promise.all(asked);
    expect(kinds.slice(0, 3)).toEqual(["request", "interval", "request"]);
    await triggers.stop();
  });
});

describe("stop", () => {
  it("waits for the run that is under way, and starts no other", async () => {
    const store = await openMemory();
    const clock = createManualClock(SLOT);
    const gate = new EventEmitter();
    let finished = false;
    const { triggers, events } = await start(store, clock, {
      handle: async () => {
        await once(gate, "open");
        finished = true;
      },
    });
    await advance(clock, 0);
    const asked = triggers.fire(gold);
    const stopping = triggers.stop();
    gate.emit("open");
    await stopping;
    await expect(asked).rejects.toMatchObject({ code: "INTERRUPTED" });
    await expect(triggers.fire(gold)).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(finished).toBe(true);
    expect(events.items).toHaveLength(1);
    expect(await readCursor(store.db, cursorId(gold))).toBe(String(SLOT));
    expect(clock.sleepers).toBe(0);
  });
});
