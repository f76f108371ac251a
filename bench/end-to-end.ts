import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { loadConfig } from "../src/core/config/load-config.ts";
import type { FeedId } from "../src/core/ids.ts";
import { createLog } from "../src/core/log.ts";
import type { Fabric } from "../src/host/fabric.ts";
import { startFabric } from "../src/host/start-fabric.ts";
import type { WorldChange, WorldReady } from "./end-to-end/world.ts";
import { percentile } from "./percentile.ts";
import type { BenchRow } from "./report.ts";

const FEED = "xau-usd" as FeedId;
/** Changes of the price that are measured per setting, after two that warm up. */
const CHANGES = 24;
const WARM_UP = 2;

/** One change, ms: all of it, and the share from the broadcast on. */
interface Change {
  readonly totalMs: number;
  readonly chainMs: number;
}

/**
 * Contracts compare whole seconds: the next round's sources must be in a later one. Then `waitMs` more.
 */
const nextSecond = async (fabric: Fabric, waitMs: number): Promise<void> => {
  const latest = JSON.parse(fabric.feeds.latest(FEED).toString()) as { observedAt: number };
  const free = (Math.floor(latest.observedAt / 1_000) + 2) * 1_000;
  await sleep(Math.max(0, free - Date.now()) + waitMs);
};

/** Every phase once, in mixed order: by chance alone the median of so few changes would wander by a tenth of the interval. */
const phaseOf = (index: number): number => (((index * 7) % CHANGES) + 0.5) / CHANGES;

const measure = async (intervalMs: number, blockTime?: number): Promise<readonly Change[]> => {
  const folder = await mkdtemp(path.join(tmpdir(), "cryptlet-bench-"));
  const script = fileURLToPath(new URL("end-to-end/world.js", import.meta.url));
  const world = fork(script, [folder, String(intervalMs), String(blockTime ?? "")]);
  const [{ configFile }] = (await once(world, "message")) as [WorldReady];
  const change = async (price: string | null): Promise<WorldChange> => {
    world.send(price as never);
    return ((await once(world, "message")) as [WorldChange])[0];
  };
  const first = change(null);
  const fabric = await startFabric(loadConfig({ file: configFile, env: {}, cwd: folder }), {
    log: createLog({ level: "fatal" }),
  });
  let committedAt = 0;
  fabric.events.subscribe((event) => {
    if (event.type === "round-published") committedAt = performance.timeOrigin + performance.now();
  });
  const changes: Change[] = [];
  try {
    await first;
    for (let index = 0; index < CHANGES + WARM_UP; index += 1) {
      await nextSecond(fabric, phaseOf(index) * Math.max(intervalMs, (blockTime ?? 0) * 1_000));
      const { changedAt, readableAt } = await change(
        `${4_000 + ((index + 1) % 2) * 100 + index}.00`,
      );
      if (index >= WARM_UP)
        changes.push({ totalMs: readableAt - changedAt, chainMs: readableAt - committedAt });
    }
  } finally {
    await fabric.stop();
    world.disconnect();
    await once(world, "exit");
    await rm(folder, { recursive: true, force: true });
  }
  return changes;
};

const automineRows = async (intervalMs: number): Promise<readonly BenchRow[]> => {
  const group = `Source change -> readable on chain, automine, ${intervalMs} ms polling`;
  const changes = await measure(intervalMs);
  const totals = changes.map(({ totalMs }) => totalMs);
  const p50 = percentile(totals, 0.5);
  const limit = intervalMs / 2 + 20;
  return [
    {
      group,
      name: "p50",
      value: p50,
      unit: "ms",
      target: `<= ${limit} (half the interval + 20)`,
      ok: p50 <= limit,
    },
    { group, name: "p90", value: percentile(totals, 0.9), unit: "ms" },
    { group, name: "p50 beyond half the interval", value: p50 - intervalMs / 2, unit: "ms" },
    {
      group,
      name: "p50 from the bus to readable",
      value: percentile(
        changes.map(({ chainMs }) => chainMs),
        0.5,
      ),
      unit: "ms",
    },
  ];
};

const blockRows = async (intervalMs: number): Promise<readonly BenchRow[]> => {
  const group = `Source change -> readable on chain, 1 s blocks, ${intervalMs} ms polling`;
  const changes = await measure(intervalMs, 1);
  const totals = changes.map(({ totalMs }) => totalMs);
  const waiting = changes.map(({ chainMs }) => chainMs);
  const share = waiting.reduce((a, b) => a + b, 0) / totals.reduce((a, b) => a + b, 0);
  return [
    { group, name: "p50", value: percentile(totals, 0.5), unit: "ms" },
    { group, name: "p90", value: percentile(totals, 0.9), unit: "ms" },
    { group, name: "p50 from the bus to the block", value: percentile(waiting, 0.5), unit: "ms" },
    { group, name: "share spent waiting for the block", value: share * 100, unit: "%" },
  ];
};

/**
 * p50 of the same way through peers' own software, ms, from trials on this class of machine (2 cores, anvil with
 * automine); they are quoted here, not run.
 */
const PEERS = [
  { name: "API3, settings of its example", ms: 52_000 },
  { name: "API3, fastest settings", ms: 830 },
  { name: "RedStone relayer", ms: 750 },
  { name: "Chainlink external adapter and pusher, best", ms: 42 },
  { name: "Chainlink external adapter and pusher, worst", ms: 87 },
] as const;

const peerRows = (rows: readonly BenchRow[]): readonly BenchRow[] =>
  rows
    .filter(({ name }) => name === "p50")
    .slice(0, 1)
    .flatMap(({ value, group }) =>
      PEERS.map(({ name, ms }) => ({
        group: `Peers on the same way, quoted, against our p50 of ${group.split(", ").at(-1)}`,
        name,
        value: ms,
        unit: "ms",
        ratio: ms / value,
        against: "ours",
      })),
    );

/** From the moment a source changes its price to the moment a contract reads it, through the whole fabric. */
export const runEndToEndBench = async (): Promise<readonly BenchRow[]> => {
  const fast = await automineRows(100);
  return [...fast, ...peerRows(fast), ...(await automineRows(500)), ...(await blockRows(100))];
};
