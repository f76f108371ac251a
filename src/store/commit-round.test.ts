import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { roundCommit } from "../../test/support/rounds.ts";
import type { Digest, FeedId, RunId } from "../core/ids.ts";
import { commitRound } from "./commit-round.ts";
import { findBundle } from "./envelopes.ts";
import { openStore } from "./open-store.ts";
import { outboxBacklog, takeUnpublished } from "./outbox.ts";
import { findRound, latestRound, roundsAfter, roundsBefore } from "./rounds.ts";
import { listRuns, openRun } from "./runs.ts";
import type { Store } from "./store.ts";
import { findTranscript } from "./transcripts.ts";

const nothing = `sha256:${"0".repeat(64)}` as Digest;
const gold = "xau-usd" as FeedId;
const numbers = (rows: readonly { round: number }[]): number[] => rows.map((r) => r.round);
const open = async (): Promise<Store> => {
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  onTestFinished(() => store.close());
  return store;
};

describe("commitRound", () => {
  it("writes round, envelope, outbox entry and the run's end together", async () => {
    const store = await open();
    const id = "1b4e28ba-2fa1-41d2-883f-0016d3cca427" as RunId;
    await openRun(store.db, { id, feed: gold, triggerId: "t", startedAt: 1 });
    const transcript = { digest: nothing, form: "sealed", body: "[]" } as const;
    const commit = roundCommit(gold, 1);
    await store.transaction((trx) =>
      commitRound(trx, {
        ...commit,
        run: { id, status: "published", finishedAt: 2, error: null, receiptJson: "{}", transcript },
      }),
    );
    expect(await latestRound(store.db, gold)).toEqual(commit.round);
    expect(await findRound(store.db, gold, 1)).toEqual(commit.round);
    expect(await findBundle(store.db, commit.round.envelopeDigest)).toEqual({
      bundleJson: commit.bundleJson,
      evidenceJson: null,
    });
    expect(await takeUnpublished(store.db, { limit: 10 })).toMatchObject([commit.outbox]);
    expect(await listRuns(store.db, { limit: 10 })).toMatchObject([{ id, status: "published" }]);
    expect(await findTranscript(store.db, id)).toEqual(transcript);
  });

  it("keeps evidence once for the envelopes that stand on it", async () => {
    const store = await open();
    const evidence = { digest: nothing, json: '{"type":"t"}' };
    for (const round of [1, 2])
      await store.transaction((trx) => commitRound(trx, { ...roundCommit(gold, round), evidence }));
    const digests = [1, 2].map((round) => roundCommit(gold, round).round.envelopeDigest);
    for (const digest of digests)
      expect((await findBundle(store.db, digest))?.evidenceJson).toBe(evidence.json);
    expect(await store.db.selectFrom("evidence").select("digest").execute()).toHaveLength(1);
  });

  it("takes the next round and no other", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 12 }),
        async (tries) => {
          const store = await openStore({ driver: "libsql", file: ":memory:" });
          let expected = 1;
          for (const [i, round] of tries.entries()) {
            const work = store.transaction((trx) =>
              commitRound(trx, roundCommit(gold, round, { salt: String(i) })),
            );
            if (round === expected) {
              await work;
              expected += 1;
            } else
              await expect(work).rejects.toMatchObject({
                code: "ROUND_OUT_OF_ORDER",
                arguments: { feed: gold, expected, round },
              });
          }
          expect((await latestRound(store.db, gold))?.round ?? 0).toBe(expected - 1);
          expect((await outboxBacklog(store.db)).waiting).toBe(expected - 1);
          await store.close();
        },
      ),
      { numRuns: 25 },
    );
  });

  it("lets one of two writers of the same round win", async () => {
    const store = await open();
    const results = await Promise.allSettled(
      ["a", "b"].map((salt) =>
        store.transaction((trx) => commitRound(trx, roundCommit(gold, 1, { salt }))),
      ),
    );
    expect(results.map((r) => r.status)).toEqual(["fulfilled", "rejected"]);
    expect(await roundsAfter(store.db, gold, { after: 0, limit: 9 })).toHaveLength(1);
  });

  it("writes nothing when one part of it is refused", async () => {
    const store = await open();
    await store.transaction((trx) => commitRound(trx, roundCommit(gold, 1)));
    const second = roundCommit(gold, 2);
    const sameMessage = { ...second, outbox: roundCommit(gold, 1).outbox };
    await expect(store.transaction((trx) => commitRound(trx, sameMessage))).rejects.toMatchObject({
      code: "STORE_CONFLICT",
    });
    expect((await latestRound(store.db, gold))?.round).toBe(1);
    expect(await findBundle(store.db, second.round.envelopeDigest)).toBeNull();
  });

  it("refuses the same envelope for another round", async () => {
    const store = await open();
    const first = roundCommit(gold, 1);
    await store.transaction((trx) => commitRound(trx, first));
    const other = roundCommit("xag-usd", 1);
    const replayed = {
      ...other,
      round: { ...other.round, envelopeDigest: first.round.envelopeDigest },
    };
    await expect(store.transaction((trx) => commitRound(trx, replayed))).rejects.toMatchObject({
      code: "STORE_CONFLICT",
    });
  });
});

describe("reading rounds", () => {
  it("pages both ways without gaps", async () => {
    const store = await open();
    for (let round = 1; round <= 7; round += 1)
      await store.transaction((trx) => commitRound(trx, roundCommit(gold, round)));
    expect(numbers(await roundsBefore(store.db, gold, { limit: 3 }))).toEqual([7, 6, 5]);
    expect(numbers(await roundsBefore(store.db, gold, { limit: 9, before: 3 }))).toEqual([2, 1]);
    expect(numbers(await roundsAfter(store.db, gold, { limit: 2, after: 4 }))).toEqual([5, 6]);
    expect(await latestRound(store.db, "none" as FeedId)).toBeNull();
    expect(await findRound(store.db, gold, 8)).toBeNull();
    expect(await findBundle(store.db, nothing)).toBeNull();
  });
});
