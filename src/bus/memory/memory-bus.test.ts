import { describe, expect, it, onTestFinished } from "vitest";
import { createInbox } from "../../../test/support/inbox.ts";
import { createManualClock, type ManualClock } from "../../core/manual-clock.ts";
import { createStoreBusLog } from "../../store/bus-log.ts";
import { openStore } from "../../store/open-store.ts";
import type { Store } from "../../store/store.ts";
import type { Bus } from "../bus.ts";
import { createMemoryBus } from "./memory-bus.ts";

const stream = { name: "S", subjects: ["a.>"], maxAgeMs: 600_000, duplicateWindowMs: 60_000 };
const one = Uint8Array.of(1);
const open = async (): Promise<{ bus: Bus; clock: ManualClock; store: Store }> => {
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  const clock = createManualClock(1_700_000_000_000);
  const bus = await createMemoryBus({ log: createStoreBusLog(store), clock });
  onTestFinished(async () => {
    await bus.close();
    await store.close();
  });
  await bus.ensureStream(stream);
  return { bus, clock, store };
};
/** Moves time until `count` items are there. */
const passing = async (
  clock: ManualClock,
  inbox: { readonly items: readonly unknown[] },
  count: number,
  step: number,
): Promise<number> => {
  const from = clock.now();
  while (inbox.items.length < count) await clock.advance(step);
  return clock.now() - from;
};

describe("memory bus", () => {
  it("forgets a message id after the window, and messages after their age", async () => {
    const { bus, clock } = await open();
    const options = { messageId: "id" };
    await bus.publish("a.b", one, options);
    await clock.advance(60_000);
    expect((await bus.publish("a.b", one, options)).duplicate).toBe(true);
    await clock.advance(1);
    expect((await bus.publish("a.b", one, options)).duplicate).toBe(false);
    await clock.advance(600_001);
    await bus.publish("a.b", one);
    expect(await bus.streamState("S")).toMatchObject({ lastSequence: 3, messages: 1 });
  });

  it("waits longer from try to try", async () => {
    const { bus, clock } = await open();
    const inbox = createInbox<number>();
    const options = { stream: "S", durable: "r", ackWaitMs: 1_000, maxDeliver: 10 };
    await bus.consume(options, async (message) => {
      inbox.add(message.deliveries);
      throw new Error("no");
    });
    await bus.publish("a.b", one);
    await passing(clock, inbox, 1, 0);
    const pauses = [];
    for (const count of [2, 3, 4]) pauses.push(await passing(clock, inbox, count, 10));
    expect(pauses.map((ms) => Math.round(ms / 100))).toEqual([1, 2, 4]);
  });

  it("hears of a broken log in its status, and goes on when it is mended", async () => {
    const { bus, clock, store } = await open();
    const states: string[] = [];
    onTestFinished(bus.onStatus((status) => states.push(status.detail)));
    await store.db.schema.alterTable("bus_pending").renameTo("bus_elsewhere").execute();
    const inbox = createInbox<number>();
    const options = { stream: "S", durable: "r", ackWaitMs: 1_000, maxDeliver: 10 };
    await expect(bus.consume(options, async () => {})).rejects.toMatchObject({ code: "INTERNAL" });
    await store.db.schema.alterTable("bus_elsewhere").renameTo("bus_pending").execute();
    await bus.consume(options, async (message) => inbox.add(message.sequence));
    await store.db.schema.alterTable("bus_pending").renameTo("bus_elsewhere").execute();
    await bus.publish("a.b", one);
    while (states.length === 0) await clock.advance(100);
    expect(states[0]).toContain("bus_pending");
    await store.db.schema.alterTable("bus_elsewhere").renameTo("bus_pending").execute();
    await passing(clock, inbox, 1, 100);
    expect(inbox.items).toEqual([1]);
  });

  it("knows its streams again after a restart", async () => {
    const { bus, clock, store } = await open();
    await bus.publish("a.b", one);
    await bus.close();
    const next = await createMemoryBus({ log: createStoreBusLog(store), clock });
    onTestFinished(() => next.close());
    expect((await next.publish("a.c", one)).sequence).toBe(2);
    await expect(next.ensureStream({ ...stream, subjects: ["b.>"] })).rejects.toMatchObject({
      code: "BUS_STREAM_CONFIG_DIFFERS",
      arguments: { differences: "subjects is a.>, asked for b.>" },
    });
  });
});
