import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { FabricConfig } from "../../src/core/config/schema.ts";
import { createRunId } from "../../src/core/ids.ts";
import { bundleSchema } from "../../src/envelope/bundle.ts";
import {
  startProviderEmulator,
  type ProviderEmulator,
} from "../../src/emulator/start-provider-emulator.ts";
import type { FabricEvent } from "../../src/host/fabric-events.ts";
import type { RoundView } from "../../src/host/fabric.ts";
import { openStore } from "../../src/store/open-store.ts";
import { outboxBacklog } from "../../src/store/outbox.ts";
import { latestRound } from "../../src/store/rounds.ts";
import { listRuns, openRun } from "../../src/store/runs.ts";
import type { Store } from "../../src/store/store.ts";
import {
  feedFor,
  obedientConfig,
  startStage,
  type Deed,
  type FabricStage,
} from "../support/fabric-stage.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

// A whole fabric in this process: real sources over TLS, real enclave, database and bus. Only time is the test's.

let emulator: ProviderEmulator;
beforeAll(async () => {
  emulator = await startProviderEmulator({ startPrice: "4000.00", maxStepPpm: 0 });
});
afterAll(async () => {
  await emulator.close();
});

const GOOD = feedFor("publish");
const configFor = (deeds: readonly Deed[], change = {}) =>
  obedientConfig(temporaryFolder(), emulator, deeds, change);

const start = async (config: FabricConfig, at?: number): Promise<FabricStage> => {
  const stage = await startStage(config, at);
  onTestFinished(() => stage.fabric.stop());
  return stage;
};
const latest = ({ fabric }: FabricStage): RoundView =>
  JSON.parse(fabric.feeds.latest(GOOD).toString("utf8")) as RoundView;
const failuresOf = ({ events }: FabricStage, deed: Deed): string[] =>
  events.flatMap((event) =>
    event.type === "run-failed" && event.feed === feedFor(deed) ? [event.error.code] : [],
  );

const isStarted = (event: FabricEvent): event is Extract<FabricEvent, { type: "run-started" }> =>
  event.type === "run-started";

/** Looks into the database of a fabric that is stopped. */
const inspect = async <Result>(
  config: FabricConfig,
  look: (store: Store) => Promise<Result>,
): Promise<Result> => {
  const store = await openStore(config.database);
  try {
    return await look(store);
  } finally {
    await store.close();
  }
};

describe("a Cryptlet that misbehaves", () => {
  const ends: readonly (readonly [Deed, string | RegExp])[] = [
    ["throw", "GUEST_THREW"],
    ["loop", /^RUN_(?:FUEL|DEADLINE)$/],
    ["eat", /^RUN_(?:MEMORY|DEADLINE)$/],
    ["wait", "GUEST_NEVER_ANSWERED"],
    ["nonsense", "GUEST_ANSWER_INVALID"],
    ["refuse", "TOO_FEW_SOURCES"],
    ["impersonate", "GUEST_ANSWER_INVALID"],
    ["other-unit", "OBSERVATION_REFUSED"],
  ];

  it("ends its run with a coded error, publishes nothing, and the host goes on", async () => {
    const config = configFor(["publish", ...ends.map(([deed]) => deed)]);
    const stage = await start(config);
    await stage.run("publish");
    let { round: rounds } = latest(stage);
    for (const [deed, code] of ends) {
      await stage.run(deed);
      const failures = failuresOf(stage, deed);
      expect(failures.length).toBeGreaterThan(0);
      for (const failure of failures) expect(failure).toMatch(code);
      await expect(stage.fabric.feeds.rounds(feedFor(deed), { limit: 1 })).resolves.toEqual([]);
      // The next run of somebody else is none the worse for it.
      rounds += 1;
      emulator.setPrice(`${4_000 + rounds}.00`);
      await stage.run("publish");
      expect(latest(stage).round).toBe(rounds);
    }
    expect(failuresOf(stage, "publish")).toEqual([]);
    await expect(stage.fabric.health()).resolves.toMatchObject({ ok: true });
    await stage.fabric.stop();
    for (const [deed, code] of ends) {
      const runs = await inspect(config, (store) =>
        listRuns(store.db, { feed: feedFor(deed), limit: 10 }),
      );
      expect(runs.length).toBeGreaterThan(0);
      for (const run of runs) {
        expect(run.status).toBe("failed");
        expect(run.error).toMatch(code);
      }
    }
  });
});

describe("a source that fails", () => {
  it("ends the run under the source's code, and the next one is none the worse", async () => {
    const config = configFor(["publish"]);
    const stage = await start(config);
    emulator.fail("gold-api", "cut-off");
    onTestFinished(() => emulator.fail("gold-api", null));
    await stage.run("publish");
    expect(failuresOf(stage, "publish")).toContain("HTTP_BROKEN");
    emulator.fail("gold-api", null);
    await stage.run("publish");
    expect(latest(stage).round).toBe(1);
  });
});

describe("a fabric that starts again", () => {
  it("goes on where it stopped: same keys, next round, chained to the one before", async () => {
    const config = configFor(["publish"]);
    const first = await start(config);
    await first.run("publish");
    const before = latest(first);
    const [cryptlet] = await first.fabric.cryptlets.list();
    await first.fabric.stop();

    emulator.setPrice("4321.00");
    const second = await start(config, Date.now() + 5_000);
    expect(latest(second).envelopeDigest).toBe(before.envelopeDigest);
    await second.run("publish");
    const after = latest(second);
    expect(after.round).toBe(before.round + 1);
    const [again] = await second.fabric.cryptlets.list();
    expect(again?.keys).toEqual(cryptlet?.keys);
    expect(again?.measurement).toBe(cryptlet?.measurement);
    const bundle = bundleSchema.parse(await second.fabric.envelopes.bundle(after.envelopeDigest));
    const statement = Buffer.from(bundle.envelope.payload, "base64").toString("utf8");
    expect(JSON.parse(statement)).toMatchObject({
      previous: { envelopeDigest: before.envelopeDigest },
    });
  });

  it("refuses to make one feed of emulated and live rounds", async () => {
    const config = configFor(["publish"]);
    const first = await start(config);
    await first.run("publish");
    await first.fabric.stop();
    await inspect(config, async (store) => {
      await store.db.updateTable("rounds").set({ mode: "LIVE" }).execute();
    });
    emulator.setPrice("4400.00");
    const second = await start(config, Date.now() + 5_000);
    await second.run("publish");
    expect(failuresOf(second, "publish")).toContain("SOURCE_MODE_CHANGED");
    expect(latest(second).round).toBe(1);
  });

  it("closes the runs of a host that died", async () => {
    const config = configFor(["publish"]);
    const died = createRunId();
    const first = await start(config);
    await first.fabric.stop();
    await inspect(config, (store) =>
      openRun(store.db, { id: died, feed: GOOD, triggerId: "t", startedAt: Date.now() }),
    );
    const second = await start(config);
    await second.fabric.stop();
    const runs = await inspect(config, (store) => listRuns(store.db, { feed: GOOD, limit: 100 }));
    expect(runs.find(({ id }) => id === died)).toMatchObject({ status: "abandoned" });
  });

  it("leaves nothing behind when a later part fails to start, and starts when it is mended", async () => {
    const folder = temporaryFolder();
    const broken = obedientConfig(folder, emulator, ["publish"], {
      feeds: [
        { id: "x", cryptlet: "obedient", feed: "nobody", intervalMs: 1_000, heartbeatMs: 1_000 },
      ],
    });
    await expect(startStage(broken)).rejects.toMatchObject({ code: "FEED_NOT_IN_MANIFEST" });
    const stage = await start(obedientConfig(folder, emulator, ["publish"]));
    await stage.run("publish");
    expect(latest(stage).round).toBe(1);
  });

  it("may be stopped twice", async () => {
    const stage = await start(configFor(["publish"]));
    await Promise.all([stage.fabric.stop(), stage.fabric.stop()]);
    await expect(stage.fabric.stop()).resolves.toBeUndefined();
  });
});

describe("a stop", () => {
  it("waits for the run that is under way, and its round is committed and published", async () => {
    const config = configFor(["publish"]);
    const stage = await start(config);
    emulator.setPrice("4500.00");
    await stage.clock.advance(1_000);
    const started = stage.fabric.events.next(isStarted);
    const run = stage.fabric.trigger(GOOD);
    await started;
    await stage.fabric.stop();
    await run;
    const { round, waiting } = await inspect(config, async (store) => ({
      round: await latestRound(store.db, GOOD),
      waiting: (await outboxBacklog(store.db)).waiting,
    }));
    expect(round?.answer).toMatch(/^4500\d{8}$/);
    expect(waiting).toBe(0);
  });
});

describe("a fabric whose chain is away", () => {
  it("starts, publishes and says in its health which part is down", async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, "key"), "11".repeat(32));
    const chain = {
      name: "away",
      kind: "evm" as const,
      rpcUrl: "http://127.0.0.1:9",
      chainId: 1,
      signer: { privateKey: { $file: "key" } },
    };
    const stage = await start(obedientConfig(folder, emulator, ["publish"], { chains: [chain] }));
    await stage.run("publish");
    expect(latest(stage).round).toBe(1);
    const { ok, parts } = await stage.fabric.health();
    expect(ok).toBe(false);
    expect(parts["chain-away"]).toMatchObject({ ok: false });
    expect(parts["chain-away"]?.detail).toContain("CHAIN_UNREACHABLE");
    for (const part of ["database", "bus", "enclave"]) expect(parts[part]?.ok).toBe(true);
    expect(stage.fabric.liveness().ok).toBe(true);
  });
});
