import { describe, expect, it, onTestFinished } from "vitest";
import type { LoadedCryptlet, RunReport } from "../../enclave-sim/host/enclave.ts";
import { FIXTURE_TIME, fixtureReceipt } from "../../test/support/observation-fixture.ts";
import {
  commitSignedRound,
  fixtureKeys,
  GOLD,
  signRound,
} from "../../test/support/stored-rounds.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { fabricIdSchema, feedHashSchema, type RunId } from "../core/ids.ts";
import { silentLog } from "../core/log.ts";
import { createManualClock } from "../core/manual-clock.ts";
import { parseConfig } from "../core/config/load-config.ts";
import { canonicalJson } from "../envelope/canonical-json.ts";
import { openStore } from "../store/open-store.ts";
import { takeUnpublished } from "../store/outbox.ts";
import { latestRound } from "../store/rounds.ts";
import { listRuns } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import { findTranscript } from "../store/transcripts.ts";
import { createFabricEvents, type FabricEvent } from "./fabric-events.ts";
import { createFabricMetrics } from "./fabric-metrics.ts";
import { createFeedRunner } from "./feed-runner.ts";
import { createLatestRounds } from "./latest-rounds.ts";
import { createOwnSealer } from "./round-sealer.ts";
import { createTranscriptKeeper } from "./transcript-keeper.ts";

const cause = { id: "interval:xau-usd:1", kind: "interval", at: FIXTURE_TIME } as const;
const config = parseConfig(
  {
    cryptlets: [{ package: "gold-price" }],
    feeds: [
      {
        id: GOLD,
        cryptlet: "gold-price",
        feed: "xau-usd",
        intervalMs: 1_000,
        heartbeatMs: 3_600_000,
        deviationPpm: 1_000,
      },
    ],
  },
  { env: {}, base: "." },
);

type Script = {
  readonly run?: (runId: RunId) => Promise<RunReport>;
  readonly sign?: LoadedCryptlet["sign"];
};

/** What the enclave gives for round `round` of the fixture. */
const reportOf = (runId: RunId, text: string, observedAt: number): RunReport =>
  ({
    runId,
    observation: {
      feed: "xau-usd",
      value: { kind: "decimal", text, decimals: 8, unit: "USD/ozt" },
      observedAt,
      market: { status: "open", session: null, nextOpen: null },
      sources: [],
      aggregation: { method: "median", minSources: 1, used: 1, spread: "0.10" },
    },
    provenance: [{ reference: 1, id: "kraken", mode: "EMULATED" }],
    transcript: { head: "recorded" },
    receipt: fixtureReceipt,
  }) as unknown as RunReport;

const open = async (script: (store: Store) => Script) => {
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  onTestFinished(() => store.close());
  const { run, sign } = script(store);
  const [feedConfig] = config.feeds;
  if (!feedConfig) throw new Error("no feed");
  const clock = createManualClock(FIXTURE_TIME + 5_000);
  const listenerFaults: unknown[] = [];
  const events = createFabricEvents((error) => listenerFaults.push(error));
  const seen: FabricEvent[] = [];
  events.subscribe((event) => seen.push(event));
  const metrics = createFabricMetrics();
  const latest = createLatestRounds();
  latest.register(GOLD, null);
  let committed = 0;
  const cryptlet = {
    id: "gold-price",
    version: "1.0.0",
    keys: fixtureKeys,
    failedTranscript: async () => ({ head: "failed" }),
    run: (_trigger: unknown, { runId }: { runId: RunId }) =>
      run ? run(runId) : Promise.resolve(reportOf(runId, "2650.10", FIXTURE_TIME)),
    sign:
      sign ??
      (async ({ round }: { round: number }) => {
        const { signed, observation } = signRound(round);
        return { ...signed, observation };
      }),
  } as unknown as LoadedCryptlet;
  const runner = createFeedRunner({
    fabric: fabricIdSchema.parse("demo"),
    feed: {
      config: feedConfig,
      id: GOLD,
      hash: feedHashSchema.parse(`0x${"ab".repeat(32)}`),
      manifest: {
        id: feedConfig.id,
        kind: "decimal",
        description: "Gold",
        minSources: 1,
        decimals: 8,
        unit: "USD/ozt",
      },
      bindings: [],
    },
    cryptlet,
    store,
    clock,
    log: silentLog,
    events,
    metrics,
    latest,
    transcripts: createTranscriptKeeper({ keep: "published" }),
    sealer: createOwnSealer({
      feed: GOLD,
      cryptlet,
      store,
      evidence: () => ({ type: "application/vnd.cryptlet.test+json", body: "e30=" }),
    }),
    onCommitted: () => {
      committed += 1;
    },
  });
  return {
    store,
    clock,
    runner,
    events,
    seen,
    metrics,
    latest,
    listenerFaults,
    committed: () => committed,
    runs: async () =>
      (await listRuns(store.db, { limit: 10 })).map(({ status, error }) => [status, error]),
    outbox: async () =>
      (await takeUnpublished(store.db, { limit: 10, afterId: 0 })).map(
        ({ messageId }) => messageId,
      ),
  };
};

const codesOf = (seen: readonly FabricEvent[]): string[] =>
  seen.flatMap((event) => (event.type === "run-failed" ? [event.error.code] : []));

describe("a run", () => {
  it("becomes a round: row, envelope, outbox, bytes of the API and event agree", async () => {
    const { runner, runs, outbox, store, latest, seen, committed } = await open(() => ({}));
    await runner.run(cause);
    expect(await runs()).toEqual([["published", null]]);
    expect(await outbox()).toEqual([
      expect.stringMatching(/^cryptlet:xau-usd:1:[0-9a-f]{32}$/) as string,
    ]);
    const row = await latestRound(store.db, GOLD);
    expect(row?.answer).toBe("265010000000");
    expect(JSON.parse(latest.bytes(GOLD).toString())).toMatchObject({
      round: 1,
      envelopeDigest: row?.envelopeDigest,
      mode: "EMULATED",
      simulated: true,
    });
    expect(seen.map(({ type }) => type)).toEqual([
      "run-started",
      "run-finished",
      "round-committed",
    ]);
    expect(committed()).toBe(1);
  });

  it("is kept with its journal, so that it can be replayed", async () => {
    const { runner, store } = await open(() => ({}));
    await runner.run(cause);
    const [run] = await listRuns(store.db, { limit: 1 });
    expect(run).toMatchObject({ triggerId: cause.id, receiptJson: canonicalJson(fixtureReceipt) });
    expect(run && (await findTranscript(store.db, run.id))).toEqual({
      digest: "recorded",
      form: "plain",
      body: '{"head":"recorded"}',
    });
  });

  it("whose value has not moved leaves a run row and nothing else", async () => {
    const { runner, runs, outbox, seen, committed } = await open((store) => ({
      run: async (runId) => {
        if (!(await latestRound(store.db, GOLD))) await commitSignedRound(store, 1);
        return reportOf(runId, "2650.11", FIXTURE_TIME + 5_000);
      },
    }));
    await runner.run(cause);
    expect(await runs()).toEqual([["unchanged", null]]);
    expect(await outbox()).toEqual(["cryptlet:xau-usd:1"]);
    expect(seen.at(-1)).toMatchObject({ type: "run-finished", publish: null });
    expect(committed()).toBe(0);
  });
});

describe("a run that fails", () => {
  const refusals = [
    ["in the Cryptlet", fabricError("TOO_FEW_SOURCES", { used: 1, minSources: 3, failures: "" })],
    ["because the enclave is gone", fabricError("ENCLAVE_CRASHED", { reason: "exit" })],
    ["with something that has no code", new TypeError("x is not a function")],
  ] as const;
  it.each(refusals)("%s says so in its row, event and figures", async (_how, fault) => {
    const { runner, runs, outbox, seen, metrics } = await open(() => ({
      run: () => Promise.reject(fault),
    }));
    await expect(runner.run(cause)).resolves.toMatchObject({ status: "failed" });
    const code = "code" in fault ? fault.code : "INTERNAL";
    expect(await runs()).toEqual([["failed", code]]);
    expect(await outbox()).toEqual([]);
    expect(codesOf(seen)).toEqual([code]);
    const { values } = await metrics.runs.get();
    expect(values).toMatchObject([{ labels: { feed: GOLD, outcome: code }, value: 1 }]);
  });

  it("because the enclave refuses to sign takes no round number with it", async () => {
    let refuse = true;
    const { runner, runs, store, clock } = await open(() => ({
      sign: async ({ round }) => {
        if (refuse) throw fabricError("OBSERVATION_REFUSED", { feed: GOLD, reason: "unit" });
        const { signed, observation } = signRound(round);
        return { ...signed, observation };
      },
    }));
    await runner.run(cause);
    expect(await runs()).toEqual([["failed", "OBSERVATION_REFUSED"]]);
    expect(await latestRound(store.db, GOLD)).toBeNull();
    refuse = false;
    await clock.advance(1_000);
    await runner.run({ ...cause, id: "interval:xau-usd:2" });
    expect((await latestRound(store.db, GOLD))?.round).toBe(1);
  });

  it("because another writer was first leaves that one's round and nothing of its own", async () => {
    const { runner, runs, outbox, store, latest, seen, committed } = await open((own) => ({
      sign: async ({ round }) => {
        // The other writer commits between this host's look at the latest round and its own commit.
        await commitSignedRound(own, round, {
          value: { kind: "decimal", text: "2700.00", decimals: 8, unit: "USD/ozt" },
        });
        const { signed, observation } = signRound(round);
        return { ...signed, observation };
      },
    }));
    await runner.run(cause);
    expect(await runs()).toEqual([["failed", "ROUND_OUT_OF_ORDER"]]);
    expect((await latestRound(store.db, GOLD))?.answer).toBe("270000000000");
    expect(await outbox()).toEqual(["cryptlet:xau-usd:1"]);
    expect(() => latest.bytes(GOLD)).toThrow(expect.objectContaining({ code: "ROUND_UNKNOWN" }));
    expect(codesOf(seen)).toEqual(["ROUND_OUT_OF_ORDER"]);
    expect(committed()).toBe(0);
  });

  it("because the sources are of another mode than the feed's rounds publishes nothing", async () => {
    const { runner, runs, store } = await open((own) => ({
      run: async (runId) => {
        await commitSignedRound(own, 1);
        const report = reportOf(runId, "2900.00", FIXTURE_TIME + 60_000);
        return {
          ...report,
          provenance: report.provenance.map((seen) => ({ ...seen, mode: "LIVE" })),
        };
      },
    }));
    await runner.run(cause);
    expect(await runs()).toEqual([["failed", "SOURCE_MODE_CHANGED"]]);
    expect((await latestRound(store.db, GOLD))?.round).toBe(1);
  });
});

it("a listener that throws harms no run", async () => {
  const { runner, events, runs, listenerFaults } = await open(() => ({}));
  events.subscribe(() => {
    throw new Error("listener");
  });
  await runner.run(cause);
  expect(await runs()).toEqual([["published", null]]);
  expect(listenerFaults).toHaveLength(3);
});
