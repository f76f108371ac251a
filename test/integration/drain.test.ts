import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loadConfig } from "../../src/core/config/load-config.ts";
import { silentLog } from "../../src/core/log.ts";
import type { FabricEvent } from "../../src/host/fabric-events.ts";
import { startFabric } from "../../src/host/start-fabric.ts";
import { listDeliveries } from "../../src/store/deliveries.ts";
import { openStore } from "../../src/store/open-store.ts";
import { openGoldStage } from "../support/gold-stage.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const isCommitted = (
  event: FabricEvent,
): event is Extract<FabricEvent, { type: "round-committed" }> => event.type === "round-committed";

const openStage = async (isGated: boolean) => {
  const stopping = new AbortController();
  const stage = await openGoldStage({
    folder: temporaryFolder(),
    feed: { intervalMs: 60_000, heartbeatMs: 86_400_000, deviationPpm: 1_000 },
    signal: stopping.signal,
    isGated,
  });
  onTestFinished(async () => {
    await stage.close();
    stopping.abort();
  });
  const config = loadConfig({
    file: stage.configFile,
    env: {},
    cwd: path.dirname(stage.configFile),
  });
  return { stage, config };
};

/** Status of every delivery in the database of a fabric that is stopped. */
const statuses = async (file: string) => {
  const store = await openStore({ driver: "libsql", file });
  try {
    return (await listDeliveries(store.db, { limit: 9 })).map(({ status }) => status);
  } finally {
    await store.close();
  }
};

test("a host that is stopped in the moment of a commit still brings that round to its contract", async () => {
  const { stage, config } = await openStage(false);
  const fabric = await startFabric(config, { log: silentLog });
  await fabric.events.next(isCommitted);
  await fabric.stop();
  expect(await statuses(stage.databaseFile)).not.toContain("prepared");
  expect((await stage.chain.read(stage.contracts)).round).toBe(1);
});

test("a chain that is away does not hold up a stop for ever; the round waits for the next start", async () => {
  const { stage, config } = await openStage(true);
  await stage.gate.close();
  const fabric = await startFabric(config, { log: silentLog });
  await fabric.events.next(isCommitted);
  await fabric.stop();
  expect(await statuses(stage.databaseFile)).toEqual(["prepared"]);
});
