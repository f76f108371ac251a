import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { percentile } from "../percentile.ts";
import type { BenchRow } from "../report.ts";

const RUNS = 9;
const TARGET_MS = 1_000;

/** Median ms of a process from start to end. */
const medianOf = (args: readonly string[]): number =>
  percentile(
    Array.from({ length: RUNS }, () => {
      const begun = performance.now();
      execFileSync(process.execPath, args, { stdio: "ignore" });
      return performance.now() - begun;
    }),
    0.5,
  );

/** `cryptlet build` of the gold Cryptlet, the whole process: build, checks, measurement, files on the disk. */
export const measureBuildTime = (): readonly BenchRow[] => {
  const folder = mkdtempSync(path.join(tmpdir(), "cryptlet-bench-build-"));
  try {
    const out = path.join(folder, "gold-price");
    const bare = medianOf(["-e", "0"]);
    const built = medianOf([
      path.resolve("dist/src/cli/main.js"),
      "build",
      path.resolve("cryptlets/gold-price"),
      "--out",
      out,
    ]);
    const group = "An author's build, ms";
    return [
      { group, name: "node -e 0", value: bare, unit: "ms" },
      {
        group,
        name: "cryptlet build of gold-price",
        value: built,
        unit: "ms",
        ratio: built / bare,
        against: "node -e 0",
        target: `< ${TARGET_MS} ms`,
        ok: built < TARGET_MS,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
