// `npm test [-- --strict] [-- vitest arguments]`: gets nats-server and bubblewrap where it may, runs vitest, and ends with what did
// not run and why, and the line `N passed, N failed`. With --strict anything that did not run is a failure.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ensurePackages } from "./ensure-packages.mjs";
import { bin, runNode } from "./run.mjs";

/** A run that takes longer hangs, in ms. */
const LIMIT = 25 * 60_000;

const strict = process.argv.includes("--strict");
const forwarded = process.argv.slice(2).filter((argument) => argument !== "--strict");
const folder = mkdtempSync(path.join(tmpdir(), "cryptlet-test-"));
const report = path.join(folder, "report.json");
const notRunFile = path.join(folder, "not-run.jsonl");

ensurePackages();
const status = runNode(
  [
    bin("vitest", "vitest.mjs"),
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    ...forwarded,
  ],
  {
    env: { ...process.env, CRYPTLET_NOT_RUN_FILE: notRunFile },
    timeout: LIMIT,
    killSignal: "SIGKILL",
  },
);

/** What suites wrote about themselves: one JSON object per line, `{ suite, reason }`. */
const readNotRun = () => {
  if (!existsSync(notRunFile)) return [];
  const lines = readFileSync(notRunFile, "utf8")
    .split("\n")
    .filter((line) => line !== "");
  const entries = lines.map((line) => JSON.parse(line));
  return [...new Map(entries.map((entry) => [entry.suite, entry])).values()];
};

const readReport = () => {
  if (!existsSync(report)) return { passed: 0, failed: 0, skipped: 0 };
  const result = JSON.parse(readFileSync(report, "utf8"));
  // A file that does not even load has no tests that could fail.
  const broken = result.testResults.filter(
    (file) =>
      file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  for (const file of broken) console.error(`did not load: ${file.name}`);
  return {
    passed: result.numPassedTests,
    failed: result.numFailedTests + broken.length,
    skipped: result.numPendingTests + result.numTodoTests,
  };
};

const { passed, failed, skipped } = readReport();
const notRun = readNotRun();
rmSync(folder, { recursive: true, force: true });

if (notRun.length > 0) {
  console.log("\nDid not run:");
  for (const { suite, reason } of notRun) console.log(`  ${suite}: ${reason}`);
}
// vitest also fails on errors outside of tests; then the line must not look clean.
const unexplained = status !== 0 && failed === 0 ? 1 : 0;
const total = failed + unexplained + (strict ? notRun.length : 0);
console.log(`\n${passed} passed, ${total} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exit(total === 0 ? 0 : 1);
