import { describe, expect, it, onTestFinished } from "vitest";
import { FIXTURE_TIME } from "../../test/support/observation-fixture.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { digestSchema, fabricIdSchema, feedIdSchema, type RunId } from "../core/ids.ts";
import { silentLog } from "../core/log.ts";
import { createManualClock } from "../core/manual-clock.ts";
import { openStore } from "../store/open-store.ts";
import { closeRun, listRuns } from "../store/runs.ts";
import { findTranscript } from "../store/transcripts.ts";
import { createFabricEvents, type FabricEvent } from "./fabric-events.ts";
import { createFabricMetrics } from "./fabric-metrics.ts";
import { createLatestRounds } from "./latest-rounds.ts";
import { recordRun } from "./record-run.ts";

const FEED = feedIdSchema.parse("xau-usd");
const DIGEST = digestSchema.parse(`sha256:${"ab".repeat(32)}`);
const TRIGGER = "interval:xau-usd:1";

const open = async () => {
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  onTestFinished(() => store.close());
  const clock = createManualClock(FIXTURE_TIME);
  const seen: FabricEvent[] = [];
  const events = createFabricEvents(() => {});
  events.subscribe((event) => seen.push(event));
  const metrics = createFabricMetrics();
  const parts = {
    fabric: fabricIdSchema.parse("demo"),
    store,
    clock,
    log: silentLog,
    events,
    metrics,
    latest: createLatestRounds(),
    onCommitted: () => {},
  };
  return { parts, store, clock, seen, metrics };
};

describe("the record of a run", () => {
  it("stands before the work begins", async () => {
    const { parts, store } = await open();
    const during: unknown[] = [];
    const work = async (run: RunId) => {
      during.push(await listRuns(store.db, { limit: 5 }));
      const end = {
        status: "unchanged",
        error: null,
        receiptJson: null,
        transcript: null,
      } as const;
      await store.transaction((trx) =>
        closeRun(trx, { id: run, ...end, finishedAt: FIXTURE_TIME + 5 }),
      );
    };
    await recordRun(parts, {
      feed: FEED,
      trigger: TRIGGER,
      failedTranscript: async () => null,
      work,
    });
    expect(during).toMatchObject([[{ status: "running", triggerId: TRIGGER, finishedAt: null }]]);
    expect(await listRuns(store.db, { limit: 5 })).toMatchObject([
      { status: "unchanged", error: null, startedAt: FIXTURE_TIME, finishedAt: FIXTURE_TIME + 5 },
    ]);
  });

  it("says with which code the work failed, keeps its transcript, and does not throw", async () => {
    const { parts, store, clock, seen, metrics } = await open();
    const asked: RunId[] = [];
    await recordRun(parts, {
      feed: FEED,
      trigger: TRIGGER,
      failedTranscript: async (run) => {
        asked.push(run);
        return { digest: DIGEST, form: "plain", body: "{}" };
      },
      work: async () => {
        await clock.advance(7);
        throw fabricError("FEED_UNKNOWN", { feed: FEED });
      },
    });
    const [run] = await listRuns(store.db, { limit: 5 });
    expect(run).toMatchObject({
      status: "failed",
      error: "FEED_UNKNOWN",
      startedAt: FIXTURE_TIME,
      finishedAt: FIXTURE_TIME + 7,
    });
    if (!run) throw new Error("no run");
    expect(asked).toEqual([run.id]);
    expect(await findTranscript(store.db, run.id)).toMatchObject({ body: "{}" });
    expect(seen.map(({ type }) => type)).toEqual(["run-started", "run-failed"]);
    const counted = await metrics.runs.get();
    expect(counted.values).toMatchObject([
      { value: 1, labels: { feed: FEED, outcome: "FEED_UNKNOWN" } },
    ]);
  });

  it("keeps a fault without a code as an internal one", async () => {
    const { parts, store } = await open();
    await recordRun(parts, {
      feed: FEED,
      trigger: TRIGGER,
      failedTranscript: async () => null,
      work: () => Promise.reject(new TypeError("x is undefined")),
    });
    expect(await listRuns(store.db, { limit: 5 })).toMatchObject([
      { status: "failed", error: "INTERNAL" },
    ]);
  });
});
