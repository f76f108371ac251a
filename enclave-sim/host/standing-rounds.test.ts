import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestSchema, feedIdSchema, type Digest } from "../../src/core/ids.ts";
import type { StateBackend } from "../capabilities/state/state-backend.ts";
import type { StateSealer } from "../capabilities/state/sealed-state.ts";
import { createStandingRounds, type StandingRound } from "./standing-rounds.ts";

const FEED = feedIdSchema.parse("gold");
const digest = (index: number): Digest =>
  digestSchema.parse(`sha256:${index.toString(16).padStart(64, "0")}`);

/** Bytes as they lie with a host that keeps what it is given. */
const memoryBackend = () => {
  const rows = new Map<string, { version: number; body: Uint8Array }>();
  const backend: StateBackend = {
    read: async (scope) => rows.get(scope) ?? { version: 0, body: new Uint8Array() },
    write: async (scope, expected, body) => {
      if ((rows.get(scope)?.version ?? 0) !== expected) return false;
      rows.set(scope, { version: expected + 1, body });
      return true;
    },
  };
  return { backend, rows };
};

/** Binds bytes and counter under a key, as the platform's seal does. */
const sealerOf = (key: number): StateSealer => ({
  seal: (plain, counter) => Uint8Array.of(key, counter, ...plain),
  unseal: (sealed, counter) => {
    if (sealed[0] !== key || (sealed[1] ?? 0) < counter) throw new Error("it does not open");
    return sealed.slice(2);
  },
});

const open = (backend: StateBackend, key = 1) =>
  createStandingRounds({
    cryptlet: "gold-price",
    owner: ["fabric", "gold-price", "ab"],
    backend,
    sealer: sealerOf(key),
  });

describe("what an enclave stands by", () => {
  it("is one statement of a round, after a restart too", async () => {
    const { backend } = memoryBackend();
    const first = { round: 3, epoch: 1, statement: digest(1) };
    await open(backend).enter(FEED, first);
    const again = open(backend);
    expect(await again.last(FEED)).toEqual(first);
    await again.enter(FEED, first);
    await expect(again.enter(FEED, { ...first, statement: digest(2) })).rejects.toMatchObject({
      code: "ROUND_EQUIVOCATION",
      arguments: { feed: FEED, round: 3, last: 3 },
    });
    await expect(again.enter(FEED, { ...first, round: 2 })).rejects.toMatchObject({
      code: "ROUND_EQUIVOCATION",
    });
    await again.enter(FEED, { round: 4, epoch: 1, statement: digest(2) });
  });

  it("never goes back to an earlier epoch, nor lets all of them be used up at once", async () => {
    const rounds = open(memoryBackend().backend);
    await rounds.enter(FEED, { round: 1, epoch: 7, statement: digest(1) });
    for (const epoch of [6, 7 + 65_537, 0xffff_ffff])
      await expect(
        rounds.enter(FEED, { round: 2, epoch, statement: digest(2) }),
      ).rejects.toMatchObject({ code: "EPOCH_STALE", arguments: { feed: FEED, epoch, last: 7 } });
    await rounds.enter(FEED, { round: 2, epoch: 7 + 65_536, statement: digest(2) });
  });

  it("is each feed's own", async () => {
    const rounds = open(memoryBackend().backend);
    await rounds.enter(FEED, { round: 9, epoch: 1, statement: digest(1) });
    expect(await rounds.last(feedIdSchema.parse("silver"))).toBeNull();
  });

  it("is refused where the host changed it, or put back what was there before", async () => {
    const { backend, rows } = memoryBackend();
    const rounds = open(backend);
    await rounds.enter(FEED, { round: 1, epoch: 1, statement: digest(1) });
    const old = new Map(rows);
    await rounds.enter(FEED, { round: 2, epoch: 1, statement: digest(2) });
    for (const [scope, row] of old) rows.set(scope, row);
    await expect(rounds.last(FEED)).rejects.toMatchObject({ code: "STATE_REFUSED" });
    await expect(open(backend, 2).last(FEED)).rejects.toMatchObject({ code: "STATE_REFUSED" });
    for (const [scope, row] of old) rows.set(scope, { ...row, body: randomBytes(40) });
    await expect(open(backend).last(FEED)).rejects.toMatchObject({ code: "STATE_REFUSED" });
  });

  it("cannot be signed over where it cannot be kept", async () => {
    const { backend } = memoryBackend();
    const lost = open({ ...backend, write: async () => false });
    const next = { round: 1, epoch: 1, statement: digest(1) };
    await expect(lost.enter(FEED, next)).rejects.toMatchObject({ code: "STATE_CONFLICT" });
    const away = open({
      ...backend,
      write: async () => {
        throw new Error("disk full");
      },
    });
    await expect(away.enter(FEED, next)).rejects.toMatchObject({ code: "STATE_UNAVAILABLE" });
  });

  it("holds whatever is asked, in any order, over any restarts", async () => {
    const step = fc.record({
      round: fc.integer({ min: 1, max: 6 }),
      epoch: fc.integer({ min: 0, max: 3 }),
      statement: fc.integer({ min: 0, max: 3 }).map(digest),
      restart: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const { backend } = memoryBackend();
        let rounds = open(backend);
        const stood: StandingRound[] = [];
        for (const { restart, ...next } of steps) {
          if (restart) rounds = open(backend);
          const [result] = await Promise.allSettled([rounds.enter(FEED, next)]);
          if (result?.status === "fulfilled") stood.push(next);
        }
        const byRound = new Map<number, Digest>();
        let last = { round: 0, epoch: 0 };
        for (const { round, epoch, statement } of stood) {
          expect(byRound.get(round) ?? statement).toBe(statement);
          byRound.set(round, statement);
          expect(round).toBeGreaterThanOrEqual(last.round);
          expect(epoch).toBeGreaterThanOrEqual(last.epoch);
          last = { round, epoch };
        }
      }),
      { numRuns: 200 },
    );
  });
});
