import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { createStoreBusLog } from "./bus-log.ts";
import { openStore } from "./open-store.ts";

const key = { stream: "S", consumer: "c" };
const everything = (): boolean => true;

const openLog = async () => {
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  const log = createStoreBusLog(store);
  await log.createStream({ name: "S", configJson: "{}", createdAt: 5 });
  await log.ensureConsumer({ ...key, filterSubject: ">" });
  return { store, log };
};
const open = async () => {
  const opened = await openLog();
  onTestFinished(() => opened.store.close());
  return opened.log;
};
type Log = Awaited<ReturnType<typeof open>>;
const append = (log: Log, subject: string, at = 1, messageId: string | null = null) =>
  log.append({
    stream: "S",
    subject,
    messageId,
    data: Uint8Array.of(1),
    at,
    duplicatesSince: at - 10,
    expectLast: null,
  });
const take = async (
  log: Log,
  change: { limit?: number; maxPending?: number; at?: number; takes?: (s: string) => boolean } = {},
): Promise<string[]> => {
  const at = change.at ?? 100;
  const limits = { limit: 10, maxPending: 10, at, dueAt: at + 50, takes: everything, ...change };
  const { messages } = await log.take(key, limits);
  return messages.map((m) => `${m.sequence}/${m.deliveries}`);
};

describe("bus log", () => {
  it("knows a message id for as long as it was asked to, and no longer", async () => {
    const log = await open();
    expect(await append(log, "a", 100, "id")).toEqual({ sequence: 1, duplicate: false });
    expect(await append(log, "a", 110, "id")).toEqual({ sequence: 1, duplicate: true });
    expect(await append(log, "a", 111, "id")).toEqual({ sequence: 2, duplicate: false });
    expect(await append(log, "a", 111)).toEqual({ sequence: 3, duplicate: false });
    expect(await log.streamState("S")).toEqual({ lastSequence: 3, messages: 3, createdAt: 5 });
  });

  it("finds the few messages that are wanted among many", async () => {
    const log = await open();
    for (let i = 1; i <= 650; i += 1) await append(log, i % 300 === 0 ? "wanted" : "other");
    const takes = (subject: string): boolean => subject === "wanted";
    expect(await take(log, { takes })).toEqual(["300/1", "600/1"]);
    expect(await take(log, { takes })).toEqual([]);
    await append(log, "wanted");
    expect(await take(log, { takes })).toEqual(["651/1"]);
  });

  it("keeps no more out than allowed, and hands out again what is due", async () => {
    const log = await open();
    for (let i = 0; i < 5; i += 1) await append(log, "a");
    expect(await take(log, { maxPending: 2 })).toEqual(["1/1", "2/1"]);
    expect(await take(log, { maxPending: 2 })).toEqual([]);
    await log.settle(key, 1);
    expect(await take(log, { maxPending: 2 })).toEqual(["3/1"]);
    await log.postpone(key, 3, 120);
    expect(await take(log, { maxPending: 2, at: 119 })).toEqual([]);
    expect(await take(log, { maxPending: 2, at: 120 })).toEqual(["3/2"]);
    await log.releasePending(key, 120);
    expect(await take(log, { maxPending: 2, at: 120 })).toEqual(["2/2", "3/3"]);
  });

  it("says when the next one is due", async () => {
    const log = await open();
    await append(log, "a");
    const limits = { limit: 1, maxPending: 1, at: 100, dueAt: 150, takes: everything };
    expect((await log.take(key, limits)).nextDueAt).toBe(150);
    await log.settle(key, 1);
    expect((await log.take(key, limits)).nextDueAt).toBeNull();
  });

  it("forgets by age, also what was out", async () => {
    const log = await open();
    await append(log, "a", 10);
    await append(log, "a", 20);
    expect(await take(log)).toEqual(["1/1", "2/1"]);
    expect(await log.prune("S", 20)).toBe(1);
    expect(await take(log, { at: 500 })).toEqual(["2/2"]);
    expect(await append(log, "a", 30)).toEqual({ sequence: 3, duplicate: false });
  });

  it("refuses a stream that is not there", async () => {
    const log = await open();
    const unknown = { code: "BUS_STREAM_UNKNOWN" };
    await expect(log.streamState("T")).rejects.toMatchObject(unknown);
    await expect(
      log.ensureConsumer({ stream: "T", consumer: "c", filterSubject: ">" }),
    ).rejects.toMatchObject(unknown);
  });

  it("hands out every message until it is settled, whatever is done in which order", async () => {
    const steps = fc.array(
      fc.oneof(
        fc.constant("append"),
        fc.constant("take"),
        fc.constant("settle"),
        fc.constant("postpone"),
        fc.constant("release"),
      ),
      { maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        const { store, log } = await openLog();
        let at = 100;
        let appended = 0;
        const settled = new Set<number>();
        const out = new Set<number>();
        for (const step of plan) {
          at += 7;
          const [first] = out;
          if (step === "append") {
            await append(log, "a", at);
            appended += 1;
          } else if (step === "take")
            for (const text of await take(log, { at, maxPending: 3, limit: 2 })) {
              const sequence = Number(text.split("/")[0]);
              expect(settled.has(sequence)).toBe(false);
              out.add(sequence);
            }
          else if (step === "release") await log.releasePending(key, at);
          else if (first !== undefined && step === "postpone")
            await log.postpone(key, first, at + 9);
          else if (first !== undefined) {
            await log.settle(key, first);
            out.delete(first);
            settled.add(first);
          }
        }
        for (let round = 0; round < appended + 1; round += 1) {
          at += 1_000;
          for (const text of await take(log, { at })) {
            const sequence = Number(text.split("/")[0]);
            await log.settle(key, sequence);
            settled.add(sequence);
          }
        }
        expect(settled.size).toBe(appended);
        await store.close();
      }),
      { numRuns: 30 },
    );
  });
});
