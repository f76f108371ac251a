import { describe, expect, it, onTestFinished } from "vitest";
import type { Digest, FeedId, RunId } from "../core/ids.ts";
import { openStore } from "./open-store.ts";
import { abandonOpenRuns, closeRun, findRun, listRuns, openRun, pruneRuns } from "./runs.ts";
import type { Store } from "./store.ts";
import { findTranscript, pruneTranscripts } from "./transcripts.ts";

const gold = "xau-usd" as FeedId;
const withRuns = async (count: number): Promise<Store> => {
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  onTestFinished(() => store.close());
  for (let i = 1; i <= count; i += 1)
    await openRun(store.db, {
      id: `run-${i}` as RunId,
      feed: gold,
      triggerId: `t${i}`,
      startedAt: i,
    });
  return store;
};
const end = (n: number, status: "published" | "unchanged" | "failed") => ({
  id: `run-${n}` as RunId,
  status,
  finishedAt: 100 + n,
  error: status === "failed" ? "INTERNAL" : null,
  receiptJson: status === "failed" ? null : `{"n":${n}}`,
  transcript:
    n === 1
      ? ({ digest: `sha256:${"1".repeat(64)}` as Digest, form: "plain", body: `[${n}]` } as const)
      : null,
});

describe("runs", () => {
  it("end once", async () => {
    const store = await withRuns(1);
    await closeRun(store.db, end(1, "failed"));
    await closeRun(store.db, end(1, "published"));
    expect(await listRuns(store.db, { limit: 9 })).toEqual([
      {
        id: "run-1",
        feed: gold,
        triggerId: "t1",
        startedAt: 1,
        finishedAt: 101,
        status: "failed",
        error: "INTERNAL",
        receiptJson: null,
      },
    ]);
    expect((await findTranscript(store.db, "run-1" as RunId))?.body).toBe("[1]");
    expect(await findTranscript(store.db, "run-2" as RunId)).toBeNull();
    expect(await findRun(store.db, "run-1" as RunId)).toMatchObject({ status: "failed" });
    expect(await findRun(store.db, "run-2" as RunId)).toBeNull();
  });

  it("that a dead process left open are abandoned", async () => {
    const store = await withRuns(3);
    await closeRun(store.db, end(2, "unchanged"));
    expect(await abandonOpenRuns(store.db, 50)).toBe(2);
    const rows = await listRuns(store.db, { status: "abandoned", feed: gold, limit: 9 });
    expect(rows.map((r) => [r.id, r.finishedAt])).toEqual([
      ["run-3", 50],
      ["run-1", 50],
    ]);
  });

  it("are pruned by age, but neither while they run nor when they made a round", async () => {
    const store = await withRuns(5);
    await closeRun(store.db, end(1, "published"));
    await closeRun(store.db, end(2, "unchanged"));
    await closeRun(store.db, end(3, "failed"));
    await closeRun(store.db, end(5, "failed"));
    expect(await pruneRuns(store.db, 5)).toBe(2);
    expect((await listRuns(store.db, { limit: 9 })).map((r) => r.id)).toEqual([
      "run-5",
      "run-4",
      "run-1",
    ]);
  });

  it("stay as long as their transcript is kept", async () => {
    const store = await withRuns(2);
    await closeRun(store.db, end(1, "failed"));
    await closeRun(store.db, end(2, "failed"));
    expect(await pruneRuns(store.db, 9)).toBe(1);
    expect((await listRuns(store.db, { limit: 9 })).map((r) => r.id)).toEqual(["run-1"]);
    expect(await pruneTranscripts(store.db, 101)).toBe(0);
    expect(await pruneTranscripts(store.db, 102)).toBe(1);
    expect(await pruneRuns(store.db, 9)).toBe(1);
  });
});
