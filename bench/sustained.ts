import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { BenchRow } from "./report.ts";
import type { HostSample } from "./sustained/host.ts";
import { openSustainedStage } from "./sustained/stage.ts";

interface Load {
  readonly feeds: number;
  readonly intervalMs: number;
  /** How long the load lasts, ms. */
  readonly lastsMs: number;
}

/** Samples before this are of a host that has just begun: every feed runs at once. Share of the whole. */
const WARM_UP = 0.25;
const MIB = 1_024 * 1_024;

const measure = async ({ feeds, intervalMs, lastsMs }: Load): Promise<readonly HostSample[]> => {
  const folder = await mkdtemp(path.join(tmpdir(), "cryptlet-bench-"));
  const ending = new AbortController();
  const stage = await openSustainedStage({ folder, feeds, intervalMs, signal: ending.signal });
  const script = fileURLToPath(new URL("sustained/host.js", import.meta.url));
  const host = fork(script, [stage.configFile, folder]);
  const samples: HostSample[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      host.once("exit", (code) => reject(new Error(`the host ended with ${code}`)));
      host.on("message", (message) => {
        const sample = message as HostSample;
        samples.push(sample);
        if (sample.at >= lastsMs) resolve();
      });
    });
    host.removeAllListeners("exit");
    host.send("stop");
    await once(host, "exit");
  } finally {
    host.kill("SIGKILL");
    await stage.close();
    ending.abort();
    await rm(folder, { recursive: true, force: true });
  }
  return samples;
};

/** Up to a constant: the host's first rounds are made before it counts. */
const backlogOf = ({ committed, landed, lost }: HostSample): number => committed - landed - lost;

const rowsOf = async (load: Load): Promise<readonly BenchRow[]> => {
  const samples = await measure(load);
  const group = `Sustained: ${load.feeds} feeds, each every ${load.intervalMs / 1_000} s, ${load.lastsMs / 1_000} s, one host, one account, one transaction per round`;
  const from = samples[Math.floor(samples.length * WARM_UP)];
  const middle = samples[Math.floor(samples.length * (1 + WARM_UP) * 0.5)];
  const last = samples.at(-1);
  if (!from || !middle || !last) return [];
  const seconds = (last.at - from.at) / 1_000;
  const rounds = last.committed - from.committed;
  const asked = load.feeds / (load.intervalMs / 1_000);
  // A backlog that does not grow is bounded by what is in flight, not by how long the load lasts.
  const grown = backlogOf(last) - backlogOf(from);
  const bound = Math.max(10, asked * 2);
  return [
    { group, name: "asked for", value: asked, unit: "rounds/s" },
    { group, name: "committed", value: rounds / seconds, unit: "rounds/s" },
    {
      group,
      name: "final on chain",
      value: (last.landed - from.landed) / seconds,
      unit: "rounds/s",
    },
    {
      group,
      name: "growth of the backlog",
      value: grown,
      unit: "rounds",
      target: `<= ${bound} (two seconds of rounds)`,
      ok: grown <= bound,
    },
    { group, name: "deliveries that did not land", value: last.lost, unit: "" },
    { group, name: "runs that failed", value: last.failedRuns, unit: "" },
    {
      group,
      name: "CPU per round, trigger to final",
      value: (last.cpuMs - from.cpuMs) / rounds,
      unit: "ms",
    },
    { group, name: "memory after warm-up", value: from.rssBytes / MIB, unit: "MiB" },
    { group, name: "memory in the middle", value: middle.rssBytes / MIB, unit: "MiB" },
    { group, name: "memory at the end", value: last.rssBytes / MIB, unit: "MiB" },
  ];
};

/** Rounds that one host carries from trigger to final without a growing backlog, and its memory meanwhile. */
export const runSustainedBench = async (): Promise<readonly BenchRow[]> => [
  ...(await rowsOf({ feeds: 1, intervalMs: 1_000, lastsMs: 40_000 })),
  ...(await rowsOf({ feeds: 1_000, intervalMs: 50_000, lastsMs: 150_000 })),
  ...(await rowsOf({ feeds: 1_000, intervalMs: 25_000, lastsMs: 100_000 })),
];
