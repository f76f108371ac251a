import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Bus } from "../src/bus/bus.ts";
import { createMemoryBus } from "../src/bus/memory/memory-bus.ts";
import { createNatsBus } from "../src/bus/nats/nats-bus.ts";
import { createStoreBusLog } from "../src/store/bus-log.ts";
import { commitRound } from "../src/store/commit-round.ts";
import { openStore } from "../src/store/open-store.ts";
import type { Store } from "../src/store/store.ts";
import { natsServerBinary, startNatsServer } from "../test/support/nats-server.ts";
import { roundCommit } from "../test/support/rounds.ts";
import type { BenchRow } from "./report.ts";

const ROUNDS = 1_500;
const WRITERS = 64;
const MESSAGES = 2_000;
/** Bytes of a bundle with five sources, about. */
const BUNDLE = "x".repeat(6_000);

/** `writers` feeds commit `ROUNDS` rounds together; ms of each commit, and rounds per second. */
const commitRounds = async (
  store: Store,
  writers: number,
): Promise<{ readonly latencies: readonly number[]; readonly rate: number }> => {
  const latencies: number[] = [];
  const begin = performance.now();
  const write = async (writer: number): Promise<void> => {
    for (let round = 1; round <= ROUNDS / writers; round += 1) {
      const from = performance.now();
      const commit = { ...roundCommit(`w${writers}-${writer}`, round), bundleJson: BUNDLE };
      await store.transaction((trx) => commitRound(trx, commit));
      latencies.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
  const rate = (latencies.length * 1_000) / (performance.now() - begin);
  return { latencies: latencies.toSorted((a, b) => a - b), rate };
};

const quantile = (sorted: readonly number[], part: number): number =>
  sorted[Math.floor(sorted.length * part)] ?? Number.NaN;

const stream = {
  name: "BENCH",
  subjects: ["bench.>"],
  maxAgeMs: 3_600_000,
  duplicateWindowMs: 60_000,
};

const rate = (ms: number): number => (MESSAGES * 1_000) / ms;

/** One after the other, each acknowledged, as the outbox publishes; then everything through a consumer. */
const measureBus = async (bus: Bus, name: string): Promise<readonly BenchRow[]> => {
  const group = "bus, messages of 6 kB, one publisher, one ordered consumer";
  const data = new TextEncoder().encode(BUNDLE);
  await bus.ensureStream(stream);
  const begin = performance.now();
  for (let i = 0; i < MESSAGES; i += 1) await bus.publish("bench.a", data, { messageId: `m${i}` });
  const published = performance.now();
  await new Promise<void>((resolve, reject) => {
    let left = MESSAGES;
    const options = { stream: stream.name, durable: "bench", ackWaitMs: 5_000, maxDeliver: 5 };
    bus
      .consume(options, async () => {
        left -= 1;
        if (left === 0) resolve();
      })
      .catch(reject);
  });
  const consumed = performance.now();
  return [
    { group, name: `${name}: publish, acknowledged`, value: rate(published - begin), unit: "/s" },
    { group, name: `${name}: consume, settled`, value: rate(consumed - published), unit: "/s" },
  ];
};

/** What the record costs: a commit that is on disk, many that share one, and the way over the bus. */
export const runRecordBench = async (): Promise<readonly BenchRow[]> => {
  const folder = mkdtempSync(path.join(tmpdir(), "cryptlet-bench-"));
  const store = await openStore({ driver: "libsql", file: path.join(folder, "bench.db") });
  const rows: BenchRow[] = [];
  try {
    const group = "store, one round with envelope, outbox entry and delivery, synced";
    await commitRounds(store, 3);
    const alone = await commitRounds(store, 1);
    const together = await commitRounds(store, WRITERS);
    rows.push(
      { group, name: "commit, p50", value: quantile(alone.latencies, 0.5), unit: "ms" },
      { group, name: "commit, p99", value: quantile(alone.latencies, 0.99), unit: "ms" },
      { group, name: "one writer", value: alone.rate, unit: "rounds/s" },
      {
        group,
        name: `${WRITERS} writers, group commit`,
        value: together.rate,
        unit: "rounds/s",
        ratio: together.rate / alone.rate,
        against: "one writer",
      },
    );
    const memory = await createMemoryBus({ log: createStoreBusLog(store) });
    rows.push(...(await measureBus(memory, "in process")));
    await memory.close();
    if (natsServerBinary() !== null) {
      const server = await startNatsServer();
      const nats = await createNatsBus({ servers: [server.url], name: "bench" });
      rows.push(...(await measureBus(nats, "NATS")));
      await nats.close();
      await server.stop();
    }
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return rows;
};
