import { describe, expect, it } from "vitest";
import { GOLD, openSubscriberStage, SILVER } from "../../test/support/subscriber-stage.ts";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { toWire } from "../core/errors/wire.ts";
import { createRunId } from "../core/ids.ts";
import { createManualClock } from "../core/manual-clock.ts";
import { findRunRequest, insertRunRequest, beginRunRequest } from "../store/run-requests.ts";
import { closeRun, openRun } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import { toRoundRow } from "./round-view.ts";
import { insertRound } from "../store/rounds.ts";
import { stageRound } from "../../test/support/subscriber-stage.ts";

const ask = { maxAgeMs: null, waitMs: 20_000 } as const;
const held = () => {
  let release: () => void = () => {};
  const promise = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { promise, release: () => release() };
};

describe("a request", () => {
  it("makes one round, and its key stands for that round ever after", async () => {
    const folder = temporaryFolder();
    const stage = await openSubscriberStage({ folder });
    const { requests } = stage.fabric;
    const first = await requests.ask(GOLD, { key: "invoice-1", ...ask });
    expect(first).toMatchObject({ status: "done", made: true, round: { round: 1 } });
    await stage.commit(GOLD);
    expect(await requests.ask(GOLD, { key: "invoice-1", ...ask })).toEqual(first);
    expect(await requests.ask(GOLD, { key: "invoice-2", ...ask })).toMatchObject({
      round: { round: 3 },
    });
    await stage.stop();
    const again = await openSubscriberStage({ folder });
    expect(await again.fabric.requests.ask(GOLD, { key: "invoice-1", ...ask })).toEqual(first);
    expect(stage.runs).toHaveLength(2);
    expect(again.runs).toEqual([]);
  });

  it("is one run for all who ask with its key at once", async () => {
    const { fabric, runs } = await openSubscriberStage();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => fabric.requests.ask(GOLD, { key: "k", ...ask })),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(runs).toHaveLength(1);
  });

  it("is a run of its own for each key, one after the other", async () => {
    const { fabric, runs } = await openSubscriberStage();
    const keys = Array.from({ length: 10 }, (_, index) => `k${index}`);
    const answers = await Promise.all(
      keys.map((key) => fabric.requests.ask(GOLD, { key, ...ask })),
    );
    const rounds = answers.map((answer) => (answer.status === "done" ? answer.round.round : 0));
    expect(rounds.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(new Set(runs).size).toBe(10);
  });

  it("takes a round that is young enough, and keeps it under its key", async () => {
    const clock = createManualClock(1_700_000_100_000);
    const { fabric, commit, runs } = await openSubscriberStage({ clock });
    await commit(GOLD, clock.now() - 5_000);
    const young = { key: "young", maxAgeMs: 5_000, waitMs: 0 };
    const taken = await fabric.requests.ask(GOLD, young);
    expect(taken).toMatchObject({ status: "done", made: false, round: { round: 1 } });
    expect(runs).toEqual([]);
    const made = await fabric.requests.ask(GOLD, { key: "old", maxAgeMs: 4_999, waitMs: 20_000 });
    expect(made).toMatchObject({ status: "done", made: true, round: { round: 2 } });
    await clock.advance(60_000);
    expect(await fabric.requests.ask(GOLD, young)).toEqual(taken);
  });

  it("is answered by the newest round when its run made none", async () => {
    const { fabric, commit } = await openSubscriberStage({
      run: async () => ({ status: "unchanged" }),
    });
    await expect(fabric.requests.ask(GOLD, { key: "a", ...ask })).rejects.toMatchObject({
      code: "REQUEST_UNANSWERED",
    });
    await commit(GOLD);
    expect(await fabric.requests.ask(GOLD, { key: "b", ...ask })).toMatchObject({
      made: false,
      round: { round: 1 },
    });
    await expect(fabric.requests.ask(GOLD, { key: "a", ...ask })).rejects.toMatchObject({
      code: "REQUEST_UNANSWERED",
    });
  });

  it("gives the run's own error, and the same one again", async () => {
    const error = fabricError("TOO_FEW_SOURCES", { used: 1, minSources: 3, failures: "x: gone" });
    const { fabric, runs } = await openSubscriberStage({
      run: async () => ({ status: "failed", error: toWire(error) }),
    });
    for (let count = 0; count < 2; count += 1)
      await expect(fabric.requests.ask(GOLD, { key: "k", ...ask })).rejects.toMatchObject({
        code: "TOO_FEW_SOURCES",
        arguments: { failures: "x: gone" },
      });
    expect(runs).toHaveLength(1);
  });

  it("frees its key when another host leads the feed, because nothing ran", async () => {
    let leads = false;
    const { fabric } = await openSubscriberStage({
      prepare: () => leads,
    });
    await expect(fabric.requests.ask(GOLD, { key: "k", ...ask })).rejects.toMatchObject({
      code: "REQUEST_NOT_LED",
    });
    leads = true;
    expect(await fabric.requests.ask(GOLD, { key: "k", ...ask })).toMatchObject({ made: true });
  });

  it("waits as long as it is told, and goes on without who asked", async () => {
    const door = held();
    const { fabric, runs } = await openSubscriberStage({
      run: async ({ feed }, commit) => {
        await door.promise;
        return { status: "published", round: (await commit(feed)).round };
      },
    });
    expect(await fabric.requests.ask(GOLD, { key: "k", maxAgeMs: null, waitMs: 0 })).toMatchObject({
      status: expect.stringMatching(/^(?:waiting|running)$/) as string,
    });
    const gone = new AbortController();
    const left = fabric.requests.ask(GOLD, { key: "k", ...ask }, { signal: gone.signal });
    await expect.poll(() => runs.length).toBe(1);
    gone.abort();
    expect(await left).toEqual({ status: "running" });
    const stays = fabric.requests.ask(GOLD, { key: "k", ...ask });
    door.release();
    expect(await stays).toMatchObject({ status: "done", made: true });
    expect(runs).toHaveLength(1);
  });

  it("waits in a line of bounded length, per feed", async () => {
    const door = held();
    const { fabric, runs } = await openSubscriberStage({
      config: { requests: { maxWaiting: 2 } },
      run: async ({ feed }, commit) => {
        await door.promise;
        return { status: "published", round: (await commit(feed)).round };
      },
    });
    const queue = (key: string) => fabric.requests.ask(GOLD, { key, ...ask });
    const first = queue("1");
    await expect.poll(() => runs.length).toBe(1);
    const others = [queue("2"), queue("3")];
    await expect(queue("4")).rejects.toMatchObject({
      code: "REQUEST_QUEUE_FULL",
      arguments: { limit: 2 },
    });
    const silver = fabric.requests.ask(SILVER, { key: "5", ...ask });
    door.release();
    expect(await Promise.all([first, ...others, silver])).toHaveLength(4);
    expect(await queue("4")).toMatchObject({ made: true });
  });

  it("is refused for an unknown feed and for a key of another feed", async () => {
    const { fabric } = await openSubscriberStage();
    await fabric.requests.ask(GOLD, { key: "k", ...ask });
    await expect(fabric.requests.ask(SILVER, { key: "k", ...ask })).rejects.toMatchObject({
      code: "REQUEST_KEY_REUSED",
      arguments: { feed: GOLD },
    });
    await expect(
      fabric.requests.ask("none" as typeof GOLD, { key: "x", ...ask }),
    ).rejects.toMatchObject({ code: "FEED_UNKNOWN" });
  });
});

describe("a host that starts again", () => {
  /** A request as a process that died left it, with the run that it may have begun. */
  const leave = async (
    store: Store,
    key: string,
    run: { status: "running" | "published" | "unchanged" | "failed" | null; begun: boolean },
  ) => {
    const { createHash } = await import("node:crypto");
    const triggerId = `${GOLD}:request:${createHash("sha256").update(key).digest("hex")}`;
    const id = createRunId();
    await store.transaction(async (trx) => {
      await insertRunRequest(trx, { key, feed: GOLD, round: null, createdAt: 1 });
      if (run.begun) await beginRunRequest(trx, key, 2);
      if (run.status === null) return;
      await openRun(trx, { id, feed: GOLD, triggerId, startedAt: 2 });
      if (run.status === "running") return;
      const end = { error: null, receiptJson: null, transcript: null };
      await closeRun(trx, { id, status: run.status, finishedAt: 3, ...end });
      if (run.status === "published")
        await insertRound(trx, {
          round: toRoundRow(stageRound(GOLD, 2, 1_700_000_002_000), id),
          bundleJson: "{}",
          evidenceDigest: null,
        });
    });
  };

  it.each([
    ["has not begun: it is run now", { begun: false, status: null }, { made: true, round: 2 }],
    [
      "made its round: that is the answer",
      { begun: true, status: "published" },
      { made: true, round: 2 },
    ],
    [
      "ended without a round: the newest one is",
      { begun: true, status: "unchanged" },
      { made: false, round: 1 },
    ],
    ["was cut off: it is not run again", { begun: true, status: "running" }, "REQUEST_INTERRUPTED"],
    [
      "failed, unwritten: it is not run again",
      { begun: true, status: "failed" },
      "REQUEST_INTERRUPTED",
    ],
    ["may have begun: it is not run again", { begun: true, status: null }, "REQUEST_INTERRUPTED"],
  ] as const)("finds a request whose run %s", async (_what, run, expected) => {
    const folder = temporaryFolder();
    const before = await openSubscriberStage({ folder });
    await before.commit(GOLD);
    await leave(before.store, "k", run);
    await before.stop();
    const { fabric, runs, store } = await openSubscriberStage({ folder });
    const answer = () => fabric.requests.ask(GOLD, { key: "k", ...ask });
    if (typeof expected === "string")
      await expect(answer()).rejects.toMatchObject({ code: expected });
    else
      expect(await answer()).toMatchObject({
        made: expected.made,
        round: { round: expected.round },
      });
    expect(runs).toHaveLength(run.begun ? 0 : 1);
    expect((await findRunRequest(store.db, "k"))?.status).toMatch(/^(?:done|failed)$/);
  });

  it("leaves what waited to the next one when it stops, and nothing of it twice", async () => {
    const folder = temporaryFolder();
    const door = held();
    const stage = await openSubscriberStage({
      folder,
      run: async ({ feed }, commit) => {
        await door.promise;
        return { status: "published", round: (await commit(feed)).round };
      },
    });
    const asked = [0, 1, 2].map((key) =>
      stage.fabric.requests.ask(GOLD, { key: String(key), maxAgeMs: null, waitMs: 60_000 }),
    );
    await expect.poll(() => stage.runs.length).toBe(1);
    const stopping = stage.stop();
    door.release();
    await stopping;
    const ends = await Promise.allSettled(asked);
    expect(ends.every(({ status }) => status === "fulfilled" || status === "rejected")).toBe(true);
    const again = await openSubscriberStage({ folder });
    for (const key of ["0", "1", "2"])
      expect(await again.fabric.requests.ask(GOLD, { key, ...ask })).toMatchObject({ made: true });
    expect([...stage.runs, ...again.runs]).toHaveLength(3);
    expect(new Set([...stage.runs, ...again.runs]).size).toBe(3);
  });
});
