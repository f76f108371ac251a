// `npm run test:faults [-- --strict] [-- vitest arguments]`: kills, reorgs, lies and full disks on real engines and buses
// for many minutes, and at its end the table of what was done and what the auditor found. With --strict anything that
// did not run is a failure.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ensurePackages } from "./ensure-packages.mjs";
import { bin, runNode } from "./run.mjs";

/** A run that takes longer hangs, in ms. */
const LIMIT = 90 * 60_000;

if (process.argv.includes("--help") || process.argv.includes("-h")) {
  console.log(`Usage: npm run test:faults -- [file] [-t text] [--strict]

Kills, reorgs, lies and full disks on real engines and buses, for half an hour and more; then the table of what was done
and of what the auditor found. docs/faults.md says what each scenario does.

  file      only files whose name contains it, for example reorgs or backlog
  -t text   only tests whose name contains it, for example anvil
  --strict  what could not run (no nats-server, no room for a tmpfs) is a failure

Anything else is given to vitest.`);
  process.exit(0);
}

const strict = process.argv.includes("--strict");
const forwarded = process.argv.slice(2).filter((argument) => argument !== "--strict");
const folder = mkdtempSync(path.join(tmpdir(), "cryptlet-faults-"));
const figuresFile = path.join(folder, "figures.jsonl");
const notRunFile = path.join(folder, "not-run.jsonl");

ensurePackages();
const status = runNode(
  [bin("vitest", "vitest.mjs"), "run", "--config", "vitest.faults.config.ts", ...forwarded],
  {
    env: {
      ...process.env,
      CRYPTLET_FAULTS_FILE: figuresFile,
      CRYPTLET_NOT_RUN_FILE: notRunFile,
    },
    timeout: LIMIT,
    killSignal: "SIGKILL",
  },
);

const readLines = (file) =>
  existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line))
    : [];
const figures = readLines(figuresFile);
const notRun = readLines(notRunFile);
rmSync(folder, { recursive: true, force: true });

const columns = [
  "scenario",
  "engine",
  "bus",
  "rounds",
  "faults",
  "seconds",
  "final",
  "superseded",
  "failed",
  "violations",
];
const rows = figures.map(({ statuses, violations, seconds, ...rest }) => ({
  ...rest,
  seconds: seconds.toFixed(1),
  final: statuses.final ?? 0,
  superseded: statuses.superseded ?? 0,
  failed: statuses.failed ?? 0,
  violations: violations.length,
}));
const widths = columns.map((column) =>
  Math.max(column.length, ...rows.map((row) => String(row[column]).length)),
);
const line = (cells) => `| ${cells.map((cell, index) => cell.padEnd(widths[index])).join(" | ")} |`;
console.log(`\n${line(columns)}\n${line(widths.map((width) => "-".repeat(width)))}`);
for (const row of rows) console.log(line(columns.map((column) => String(row[column]))));
for (const { scenario, engine, violations } of figures)
  for (const { kind, subject, detail } of violations)
    console.log(`violation: ${scenario}, ${engine}: ${kind}: ${subject}: ${detail}`);

const suites = new Map(notRun.map((entry) => [entry.suite, entry.reason]));
if (suites.size > 0) console.log("\nDid not run:");
for (const [suite, reason] of suites) console.log(`  ${suite}: ${reason}`);
const found = rows.reduce((sum, { violations }) => sum + violations, 0);
console.log(`\n${rows.length} scenarios, ${found} violations${status === 0 ? "" : ", failed"}`);
process.exit(status === 0 && (!strict || suites.size === 0) ? 0 : 1);
