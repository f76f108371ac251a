import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { keepRound, stageRound } from "../../test/support/subscriber-stage.ts";
import { feedIdSchema, type FeedId } from "../core/ids.ts";
import { openStore } from "./open-store.ts";
import {
  countAfter,
  firstPositionSince,
  logAfter,
  newestPosition,
  positionOf,
} from "./round-log.ts";
import { roundIssuedBy } from "./rounds.ts";

const feeds = Array.from({ length: 130 }, (_, index) => feedIdSchema.parse(`feed-${index}`));
const open = async () => {
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  onTestFinished(() => store.close());
  return store;
};

describe("the log of rounds", () => {
  it("gives pages as a plain list would, for any feeds, start and length", async () => {
    const commits = fc.array(fc.nat({ max: 129 }), { minLength: 1, maxLength: 40 });
    const wanted = fc.uniqueArray(fc.nat({ max: 129 }), { minLength: 1, maxLength: 130 });
    await fc.assert(
      fc.asyncProperty(
        commits,
        wanted,
        fc.nat({ max: 45 }),
        fc.integer({ min: 1, max: 20 }),
        async (order, chosen, after, limit) => {
          const store = await openStore({ driver: "libsql", file: ":memory:" });
          const counts = new Map<FeedId, number>();
          const list: { position: number; feed: FeedId; round: number }[] = [];
          for (const [index, at] of order.entries()) {
            const feed = feeds[at] ?? feedIdSchema.parse("none");
            const round = (counts.get(feed) ?? 0) + 1;
            counts.set(feed, round);
            await keepRound(store, stageRound(feed, round, 1_000 + index));
            list.push({ position: index + 1, feed, round });
          }
          const asked = chosen.flatMap((at) => feeds[at] ?? []);
          const expected = list.filter(
            ({ position, feed }) => position > after && asked.includes(feed),
          );
          const page = await logAfter(store.db, asked, { after, limit });
          expect(
            page.map(({ position, row: { feed, round } }) => ({ position, feed, round })),
          ).toEqual(expected.slice(0, limit));
          expect(await countAfter(store.db, asked, { after, most: limit })).toBe(
            Math.min(limit, expected.length),
          );
          await store.close();
        },
      ),
      { numRuns: 20 },
    );
  });

  it("knows the place of a round, of the newest one, and of the first since a time", async () => {
    const store = await open();
    const [a = feedIdSchema.parse("a"), b = a] = feeds;
    expect(await newestPosition(store.db)).toBe(0);
    expect(await firstPositionSince(store.db, [a], 0)).toBeNull();
    await keepRound(store, stageRound(a, 1, 10));
    await keepRound(store, stageRound(b, 2, 40));
    await keepRound(store, stageRound(b, 1, 20));
    await keepRound(store, stageRound(a, 2, 30));
    expect(await newestPosition(store.db)).toBe(4);
    expect(await positionOf(store.db, b, 2)).toBe(2);
    expect(await positionOf(store.db, b, 3)).toBeNull();
    expect(await firstPositionSince(store.db, [a, b], 15)).toBe(2);
    expect(await firstPositionSince(store.db, [a], 15)).toBe(4);
    expect(await firstPositionSince(store.db, [b], 20)).toBe(2);
    expect(await firstPositionSince(store.db, [a, b], 41)).toBeNull();
  });

  it("is written with the round or not at all", async () => {
    const store = await open();
    const [a = feedIdSchema.parse("a")] = feeds;
    await keepRound(store, stageRound(a, 1, 10));
    await expect(keepRound(store, stageRound(a, 1, 10))).rejects.toThrow(/UNIQUE/);
    expect(await newestPosition(store.db)).toBe(1);
  });

  it("finds the newest round that was issued by a time", async () => {
    const store = await open();
    const [a = feedIdSchema.parse("a"), b = a] = feeds;
    for (const [round, time] of [
      [1, 10],
      [2, 20],
      [3, 20],
    ] as const)
      await keepRound(store, stageRound(a, round, time));
    const at = async (time: number) => (await roundIssuedBy(store.db, a, time))?.round ?? null;
    expect([await at(9), await at(10), await at(19), await at(20), await at(99)]).toEqual([
      null,
      1,
      1,
      3,
      3,
    ]);
    expect(await roundIssuedBy(store.db, b, 99)).toBeNull();
  });
});
