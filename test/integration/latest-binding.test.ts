import { readFileSync, writeFileSync } from "node:fs";
import { expect, it, onTestFinished } from "vitest";
import { loadConfig } from "../../src/core/config/load-config.ts";
import type { FabricConfigInput } from "../../src/core/config/schema.ts";
import { silentLog } from "../../src/core/log.ts";
import type { FabricEvent } from "../../src/host/fabric-events.ts";
import { startFabric } from "../../src/host/start-fabric.ts";
import { openGoldStage } from "../support/gold-stage.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const DAY_MS = 86_400_000;
const ROUNDS = 3;

const isFinal = (event: FabricEvent): event is Extract<FabricEvent, { type: "delivery" }> =>
  event.type === "delivery" && event.delivery.status === "final";

it("a binding to the latest round sends one transaction for all that happened while its chain was away", async () => {
  const stopping = new AbortController();
  const stage = await openGoldStage({
    folder: temporaryFolder(),
    feed: { intervalMs: DAY_MS, heartbeatMs: DAY_MS, deviationPpm: 1 },
    isGated: true,
    signal: stopping.signal,
  });
  onTestFinished(() => stage.close());
  const raw = JSON.parse(readFileSync(stage.configFile, "utf8")) as FabricConfigInput;
  const bindings = raw.bindings?.map((binding) => ({ ...binding, mode: "latest" as const })) ?? [];
  writeFileSync(stage.configFile, JSON.stringify({ ...raw, bindings }));
  const config = loadConfig({ file: stage.configFile, env: {}, cwd: stage.folder });

  stage.gate.shut(true);
  const fabric = await startFabric(config, { log: silentLog });
  onTestFinished(() => fabric.stop());
  // A round needs a later second than the one before: runs that come too early publish nothing.
  for (let round = 1; round <= ROUNDS; round += 1) {
    stage.emulator.setPrice(`${4_000 + round}.00`);
    while ((await fabric.feeds.get(stage.feed)).latestRound < round)
      await fabric.trigger(stage.feed);
  }
  // The newest one is stored a moment after its round; until then the one before it is the latest.
  const overtaken = async () =>
    (await fabric.deliveries.list({ feed: stage.feed, status: "superseded", limit: 10 })).length;
  await expect.poll(overtaken, { timeout: 25_000 }).toBe(ROUNDS - 1);
  const landed = fabric.events.next(isFinal);
  stage.gate.shut(false);
  expect((await landed).delivery.round).toBe(ROUNDS);

  const deliveries = await fabric.deliveries.list({ feed: stage.feed, limit: 10 });
  const byRound = deliveries
    .toSorted((a, b) => a.round - b.round)
    .map(({ status, error, transaction }) => [status, error, transaction !== null]);
  expect(byRound).toEqual([
    ["superseded", "DELIVERY_OVERTAKEN", false],
    ["superseded", "DELIVERY_OVERTAKEN", false],
    ["final", null, true],
  ]);
});
