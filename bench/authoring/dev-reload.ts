import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { tmpdir } from "node:os";
import path from "node:path";
import type { BenchRow } from "../report.ts";

/** Saves that are measured, after one that warms up. */
const SAVES = 9;
const TARGET_MS = 500;
/** A save that leads to no run in this time leads to none, ms. */
const LIMIT_MS = 30_000;

const checkout = (folder: string): string =>
  existsSync(path.join(folder, "package.json")) ? folder : checkout(path.dirname(folder));

/** The gold Cryptlet as somebody else would have it: with the package's name in its imports. */
const copyGold = (root: string): string => {
  const folder = mkdtempSync(path.join(tmpdir(), "cryptlet-bench-"));
  cpSync(path.join(root, "cryptlets/gold-price"), folder, { recursive: true });
  for (const name of [
    "main",
    "sources/bitfinex",
    "sources/coinbase",
    "sources/gold-api",
    "sources/kraken",
    "sources/swissquote",
  ]) {
    const file = path.join(folder, "src", `${name}.ts`);
    const text = readFileSync(file, "utf8");
    writeFileSync(
      file,
      text.replaceAll(/"(?:\.\.\/)+src\/sdk\/index\.ts"/g, '"cryptlet-fabric/sdk"'),
    );
  }
  return folder;
};

/** From a save to the start of the new code's first run, seen from outside the process. */
export const measureDevReload = async (): Promise<readonly BenchRow[]> => {
  const root = checkout(import.meta.dirname);
  const folder = copyGold(root);
  const cli = path.join(root, "dist/src/cli/main.js");
  const words = [
    cli,
    "dev",
    folder,
    "--json",
    "--sources",
    "emulated",
    "--every",
    "3600",
    "--port",
    "0",
  ];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "ignore"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (type: string): Promise<void> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error("cryptlet dev ended");
      if ((JSON.parse(value) as { type: string }).type === type) return;
    }
  };
  const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS * (SAVES + 2));
  try {
    await next("chain-read");
    const main = path.join(folder, "src/main.ts");
    const text = readFileSync(main, "utf8");
    const times: number[] = [];
    for (let save = 0; save <= SAVES; save += 1) {
      const changed = text.replace("mads: 5", `mads: ${5 + save + 1}`);
      const began = performance.now();
      writeFileSync(main, changed);
      await next("reloaded");
      times.push(performance.now() - began);
      await next("run-finished");
    }
    const sorted = times.slice(1).toSorted((a, b) => a - b);
    const median = sorted[SAVES >> 1] ?? Number.NaN;
    const group = "authoring: dev";
    return [
      {
        group,
        name: `cryptlet dev: save to the new code's run, median of ${SAVES}`,
        value: median,
        unit: "ms",
        target: `< ${TARGET_MS} ms`,
        ok: median < TARGET_MS,
      },
      { group, name: "the slowest of them", value: sorted.at(-1) ?? Number.NaN, unit: "ms" },
    ];
  } finally {
    clearTimeout(timer);
    child.kill("SIGTERM");
    await once(child, "exit");
    rmSync(folder, { recursive: true, force: true });
  }
};
