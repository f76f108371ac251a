import { readdir } from "node:fs/promises";
import { printBench, type BenchRow } from "./report.ts";

type Bench = () => Promise<readonly BenchRow[]>;

/** The benches of this folder: every file that exports a function called `run…Bench`. */
const findBenches = async (): Promise<ReadonlyMap<string, Bench>> => {
  const found = new Map<string, Bench>();
  for (const file of (await readdir(new URL(".", import.meta.url))).toSorted()) {
    const name = /^([a-z-]+)\.js$/.exec(file)?.[1];
    if (name === undefined || name === "main") continue;
    const module = (await import(new URL(file, import.meta.url).href)) as Record<string, unknown>;
    const bench = Object.entries(module).find(([key]) => /^run\w*Bench$/.test(key))?.[1];
    if (typeof bench === "function") found.set(name, bench as Bench);
  }
  return found;
};

/**
 * `npm run bench`: all of them; `npm run bench -- gas api`: these. A missed target shows; it fails only where the figure
 * is not the machine's (gas).
 */
const benches = await findBenches();
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !benches.has(name));
if (unknown.length > 0) {
  console.error(`no bench ${unknown.join(", ")}; there are ${[...benches.keys()].join(", ")}`);
  process.exit(2);
}
for (const [name, bench] of benches) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.error(`bench ${name} …`);
  const rows = await bench();
  printBench(rows);
  const missed = rows.filter(({ fails, ok }) => fails === true && ok === false);
  if (missed.length === 0) continue;
  console.error(`missed: ${missed.map((row) => row.name).join("; ")}`);
  process.exitCode = 1;
}
