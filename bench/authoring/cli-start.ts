import { execFileSync } from "node:child_process";
import path from "node:path";
import { percentile } from "../percentile.ts";
import type { BenchRow } from "../report.ts";

const RUNS = 41;
const TARGET = 1.5;
const CLI = path.resolve("dist/src/cli/main.js");
const PROCESSES = {
  "node -e 0": ["-e", "0"],
  "cryptlet --help": [CLI, "--help"],
  "cryptlet --version": [CLI, "--version"],
  "cryptlet feed get --help": [CLI, "feed", "get", "--help"],
} as const;
type Name = keyof typeof PROCESSES;

const once = (name: Name): number => {
  const begun = performance.now();
  execFileSync(process.execPath, PROCESSES[name], { stdio: "ignore" });
  return performance.now() - begun;
};

/**
 * How long the command line needs to say something, beside a Node that says nothing. One of each in turn, so that what else
 * the machine does meets all alike.
 */
export const measureCliStart = (): readonly BenchRow[] => {
  const names = Object.keys(PROCESSES) as Name[];
  const times = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let run = 0; run < RUNS; run++) for (const name of names) times.get(name)?.push(once(name));
  const medianOf = (name: Name): number => percentile(times.get(name) ?? [], 0.5);
  const group = "Start of the command line, ms";
  const bare = medianOf("node -e 0");
  return names.map((name): BenchRow => {
    const value = medianOf(name);
    if (name === "node -e 0") return { group, name, value, unit: "ms" };
    const ratio = value / bare;
    const row = { group, name, value, unit: "ms", ratio, against: "node -e 0" };
    return name === "cryptlet --help" ? { ...row, target: `< ${TARGET}`, ok: ratio < TARGET } : row;
  });
};
