import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { loadConfig } from "../src/core/config/load-config.ts";
import { isFabricError } from "../src/core/errors/fabric-error.ts";
import { createLog } from "../src/core/log.ts";
import type { Fabric } from "../src/host/fabric.ts";
import { startFabric } from "../src/host/start-fabric.ts";
import { openGoldStage, type GoldStage } from "../test/support/gold-stage.ts";
import { percentile } from "./percentile.ts";
import type { BenchRow } from "./report.ts";

const DAY_MS = 86_400_000;
/** Changes of the price that are measured per setting. */
const CHANGES = 25;
const LIMIT_MS = 30_000;

/** One change: when it was made, when the contract's readers saw it, and the share spent waiting for a block. */
interface Change {
  readonly totalMs: number;
  readonly blockMs: number;
}

/** The round that the consumer contract reads; 0 while it refuses because there is none. */
const readRound = async (stage: GoldStage): Promise<number> => {
  try {
    return (await stage.chain.read(stage.contracts)).round;
  } catch (error) {
    if (isFabricError(error, "ONCHAIN_REFUSED")) return 0;
    throw error;
  }
};

const readable = async (stage: GoldStage, after: number): Promise<number> => {
  const start = performance.now();
  for (;;) {
    const round = await readRound(stage);
    if (round > after) return round;
    if (performance.now() - start > LIMIT_MS) throw new Error(`round ${after + 1} never landed`);
  }
};

/** Contracts compare whole seconds: the next round's sources must be in a later one. */
const nextSecond = async (fabric: Fabric, stage: GoldStage): Promise<void> => {
  const latest = JSON.parse(fabric.feeds.latest(stage.feed).toString()) as { observedAt: number };
  const free = (Math.floor(latest.observedAt / 1_000) + 2) * 1_000;
  await sleep(Math.max(0, free - Date.now()) + Math.random() * stage.intervalMs);
};

const measure = async (intervalMs: number, blockTime?: number): Promise<readonly Change[]> => {
  const folder = await mkdtemp(path.join(tmpdir(), "cryptlet-bench-"));
  const ending = new AbortController();
  const stage = await openGoldStage({
    folder,
    feed: { intervalMs, heartbeatMs: DAY_MS, deviationPpm: 1_000 },
    signal: ending.signal,
    ...(blockTime === undefined ? {} : { blockTime }),
  });
  const fabric = await startFabric(loadConfig({ file: stage.configFile, env: {}, cwd: folder }), {
    log: createLog({ level: "fatal" }),
  });
  const changes: Change[] = [];
  let submittedAt = 0;
  fabric.events.subscribe((event) => {
    if (event.type === "delivery" && event.delivery.status === "submitted")
      submittedAt = performance.now();
  });
  try {
    let round = await readable(stage, 0);
    for (let change = 0; change < CHANGES; change += 1) {
      await nextSecond(fabric, stage);
      submittedAt = 0;
      const start = performance.now();
      stage.emulator.setPrice(`${4_000 + ((change + 1) % 2) * 100 + change}.00`);
      round = await readable(stage, round);
      const end = performance.now();
      changes.push({ totalMs: end - start, blockMs: submittedAt === 0 ? 0 : end - submittedAt });
    }
  } finally {
    await fabric.stop();
    await stage.close();
    ending.abort();
    await rm(folder, { recursive: true, force: true });
  }
  return changes;
};

const automineRows = async (intervalMs: number): Promise<readonly BenchRow[]> => {
  const group = `Source change -> readable on chain, automine, ${intervalMs} ms polling`;
  const totals = (await measure(intervalMs)).map(({ totalMs }) => totalMs);
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
    ...[
      ["API3, fastest settings", 830],
      ["RedStone relayer", 750],
      ["Chainlink EA + pusher, best", 42],
    ].map(([peer, value]) => ({
      group,
      name: `${peer}: p50 (design's measurement)`,
      value: Number(value),
      unit: "ms",
      ratio: Number(value) / p50,
      against: "ours",
    })),
  ];
};

const blockRows = async (intervalMs: number): Promise<readonly BenchRow[]> => {
  const group = `Source change -> readable on chain, 1 s blocks, ${intervalMs} ms polling`;
  const changes = await measure(intervalMs, 1);
  const totals = changes.map(({ totalMs }) => totalMs);
  const waiting = changes.map(({ blockMs }) => blockMs);
  const share = waiting.reduce((a, b) => a + b, 0) / totals.reduce((a, b) => a + b, 0);
  return [
    { group, name: "p50", value: percentile(totals, 0.5), unit: "ms" },
    { group, name: "p90", value: percentile(totals, 0.9), unit: "ms" },
    { group, name: "p50 waiting for the block", value: percentile(waiting, 0.5), unit: "ms" },
    { group, name: "share spent waiting for the block", value: share * 100, unit: "%" },
  ];
};

/** From the moment a source changes its price to the moment a contract reads it, through the whole fabric. */
export const runEndToEndBench = async (): Promise<readonly BenchRow[]> => [
  ...(await automineRows(100)),
  ...(await automineRows(500)),
  ...(await blockRows(100)),
];
