import { describe, expect, it, onTestFinished } from "vitest";
import { openStore } from "./open-store.ts";
import {
  appendOutbox,
  markPublished,
  outboxBacklog,
  pruneOutbox,
  publishedStreams,
  reopenLost,
  takeUnpublished,
} from "./outbox.ts";
import type { Store } from "./store.ts";

const withEntries = async (count: number): Promise<Store> => {
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  onTestFinished(() => store.close());
  for (let i = 1; i <= count; i += 1)
    await appendOutbox(
      store.db,
      { subject: "a.b", messageId: `m${i}`, payload: Uint8Array.of(i) },
      i * 10,
    );
  return store;
};
const waiting = async (store: Store): Promise<number[]> =>
  (await takeUnpublished(store.db, { limit: 100 })).map((row) => row.id);

describe("outbox", () => {
  it("hands out what waits, in order, page by page", async () => {
    const store = await withEntries(5);
    const page = await takeUnpublished(store.db, { limit: 2 });
    expect(page).toEqual([
      { id: 1, subject: "a.b", messageId: "m1", payload: Uint8Array.of(1), createdAt: 10 },
      { id: 2, subject: "a.b", messageId: "m2", payload: Uint8Array.of(2), createdAt: 20 },
    ]);
    const next = await takeUnpublished(store.db, { limit: 9, afterId: 2 });
    expect(next.map((row) => row.messageId)).toEqual(["m3", "m4", "m5"]);
  });

  it("forgets what the bus has", async () => {
    const store = await withEntries(3);
    expect(await outboxBacklog(store.db)).toEqual({ waiting: 3, oldestAt: 10 });
    await markPublished(
      store.db,
      [
        { id: 1, stream: "FEEDS", sequence: 11 },
        { id: 3, stream: "FEEDS", sequence: 12 },
      ],
      100,
    );
    expect(await waiting(store)).toEqual([2]);
    expect(await outboxBacklog(store.db)).toEqual({ waiting: 1, oldestAt: 20 });
    expect(await publishedStreams(store.db)).toEqual(["FEEDS"]);
    expect(await pruneOutbox(store.db, 101)).toBe(2);
    expect(await waiting(store)).toEqual([2]);
  });

  it("takes one entry of a message id", async () => {
    const store = await withEntries(1);
    const again = appendOutbox(
      store.db,
      { subject: "a", messageId: "m1", payload: new Uint8Array() },
      1,
    );
    await expect(again).rejects.toMatchObject({ code: "STORE_CONFLICT" });
  });

  it("opens again what a stream has lost", async () => {
    const store = await withEntries(4);
    const acks = [1, 2, 3, 4].map((id) => ({ id, stream: "FEEDS", sequence: id }));
    await markPublished(store.db, acks, 100);
    const state = { name: "FEEDS", lastSequence: 4, createdAt: 50 };
    expect(await reopenLost(store.db, state)).toBe(0);
    expect(await reopenLost(store.db, { ...state, name: "OTHER", lastSequence: 0 })).toBe(0);
    expect(await reopenLost(store.db, { ...state, lastSequence: 2 })).toBe(2);
    expect(await waiting(store)).toEqual([3, 4]);
    expect(await reopenLost(store.db, { ...state, createdAt: 200 })).toBe(2);
    expect(await waiting(store)).toEqual([1, 2, 3, 4]);
  });
});
