import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openTestEnclave, readRecording } from "../../src/test-kit/index.ts";
import { installPacked, packOnce } from "../../test/support/packed-project.ts";
import type { BenchRow } from "../report.ts";

const TARGET_MS = 10_000;
const RUNS = 50;
const AT = "2026-07-03T16:09:00Z";

const inMs = (work: () => void): number => {
  const begun = performance.now();
  work();
  return performance.now() - begun;
};

const cryptlet = (cwd: string, ...words: string[]): void => {
  const { status, stderr } = spawnSync(process.execPath, [packOnce().cli, ...words], {
    cwd,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`cryptlet ${words.join(" ")}: ${stderr}`);
};

/**
 * From nothing to the first value that an enclave signs, through the installed command line: `init`, then `test`, whose
 * last test builds the package and runs it in the enclave. Installing is npm's time and not counted.
 */
export const measureInitToValue = async (): Promise<readonly BenchRow[]> => {
  packOnce();
  const parent = mkdtempSync(path.join(tmpdir(), "cryptlet-bench-"));
  try {
    const folder = path.join(parent, "my-feed");
    const init = inMs(() => cryptlet(parent, "init", "my-feed", "--template", "feed"));
    installPacked(folder);
    const tested = inMs(() => cryptlet(folder, "test"));
    const build = inMs(() => cryptlet(folder, "build", "."));

    const recording = await readRecording(path.join(folder, "recordings"));
    const begun = performance.now();
    const enclave = await openTestEnclave(folder);
    const opened = performance.now() - begun;
    const runs = performance.now();
    for (let run = 0; run < RUNS; run += 1) {
      const { statement } = await enclave.run({ at: AT, recording });
      if (!statement) throw new Error("the template gave nothing to sign");
    }
    const each = (performance.now() - runs) / RUNS;
    await enclave.close();

    const group = "authoring: init, test";
    const ms = (name: string, value: number): BenchRow => ({ group, name, value, unit: "ms" });
    const total = init + tested;
    return [
      ms("cryptlet init --template feed", init),
      ms("cryptlet test of it (8 tests, one in the enclave)", tested),
      {
        ...ms("init to first signed value", total),
        target: `< ${TARGET_MS / 1_000} s`,
        ok: total < TARGET_MS,
      },
      ms("cryptlet build of it", build),
      ms("openTestEnclave: build, start, measure", opened),
      ms(`run and sign in it, mean of ${RUNS}`, each),
      {
        group,
        name: "bytes of the template's bundle",
        value: readFileSync(path.join(folder, "dist/cryptlets/my-feed/bundle.js")).length,
        unit: "bytes",
      },
    ];
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
};
