import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath, pathToFileURL } from "node:url";

import { fabricError } from "../../core/errors/fabric-error.ts";
import { testsReport, type ReportedModule, type TestsReport } from "./test-report.ts";

/** Oldest release of vitest whose API this is. */
const OLDEST = 3;
const CONFIG_FILE = /^(?:vitest|vite)\.config\.[cm]?[jt]s$/;

const STOPS = ["SIGINT", "SIGTERM"] as const;

interface Vitest {
  close(): Promise<void>;
}
type StartVitest = (
  mode: "test",
  filters: readonly string[],
  options: Readonly<Record<string, unknown>>,
  vite: Readonly<Record<string, unknown>>,
  streams: Readonly<Record<string, unknown>>,
) => Promise<Vitest>;

const missing = (folder: string, reason: string, cause?: unknown) =>
  fabricError("VITEST_MISSING", { folder, reason }, { cause });

/** The package's own copy: two copies in one run do not know each other's tests. */
const loadVitest = async (folder: string, shown: string): Promise<StartVitest> => {
  const require = createRequire(path.join(folder, "package.json"));
  let entry: string;
  let version: string;
  try {
    entry = require.resolve("vitest/node");
    const file = require.resolve("vitest/package.json");
    ({ version } = JSON.parse(readFileSync(file, "utf8")) as { version: string });
  } catch (error) {
    throw missing(shown, "vitest is not installed there", error);
  }
  if (Number.parseInt(version, 10) < OLDEST)
    throw missing(shown, `vitest ${version} is older than ${OLDEST}.0`);
  const { startVitest } = (await import(pathToFileURL(entry).href)) as { startVitest: StartVitest };
  return startVitest;
};

/** The setup that refuses the network, built or as source, beside this file. */
const offlineFile = (): string => {
  const extension = path.extname(fileURLToPath(import.meta.url));
  return fileURLToPath(new URL(`../../test-kit/offline${extension}`, import.meta.url));
};

/** What a package without a configuration of its own runs with. */
const ourOptions = (): Readonly<Record<string, unknown>> => ({
  config: false,
  include: ["**/*.test.{ts,js,mts,mjs}"],
  // `globals` is how the setup finds the author's `afterEach`.
  globals: true,
  setupFiles: [offlineFile()],
  pool: "forks",
  testTimeout: 30_000,
  passWithNoTests: true,
});

/** How the tests of a package are run. */
export interface TestsRun {
  readonly folder: string;
  /** Only tests whose full name holds this. */
  readonly named: string | undefined;
  /** Only files whose path holds one of these. */
  readonly files: readonly string[];
  /** Run again whenever a file changes, until the signal. */
  readonly watch: boolean;
  /** Print nothing: the report is all that is wanted. */
  readonly silent: boolean;
  readonly signal: AbortSignal;
  /** Told after every run. */
  readonly onReport: (report: TestsReport) => void;
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

/**
 * Runs the tests of a folder by the vitest that is installed there, with the folder's configuration or, where it has
 * none, with one that refuses the network. Under `watch` it comes back when the signal says so. `names` are the entries
 * of the folder. Throws `VITEST_MISSING`.
 */
export const runVitest = async (run: TestsRun, names: readonly string[]): Promise<void> => {
  const folder = path.resolve(run.folder);
  const shown = path.relative("", folder) || folder;
  if (!existsSync(path.join(folder, "package.json")))
    throw missing(shown, "it has no package.json");
  const startVitest = await loadVitest(folder, shown);
  const hasConfiguration = names.some((name) => CONFIG_FILE.test(name));
  let begun = performance.now();
  const reporter = {
    onTestRunStart: () => {
      begun = performance.now();
    },
    onTestRunEnd: (modules: readonly ReportedModule[], unhandled: readonly unknown[]) => {
      run.onReport(
        testsReport(modules, unhandled, {
          relative: (file) => path.relative(folder, file).split(path.sep).join("/"),
          durationMs: Math.round(performance.now() - begun),
        }),
      );
    },
  };
  const silence = new PassThrough().resume();
  const before = STOPS.map((name) => process.listeners(name));
  const exitCode = process.exitCode;
  const vitest = await startVitest(
    "test",
    run.files,
    {
      ...(hasConfiguration ? {} : ourOptions()),
      root: folder,
      watch: run.watch,
      ...(run.named === undefined ? {} : { testNamePattern: escapePattern(run.named) }),
      reporters: run.silent ? [reporter] : ["default", reporter],
    },
    {},
    run.silent ? { stdout: silence, stderr: silence } : {},
  );
  // Vitest's own would end the process a millisecond later, with a code of its own, before anything is closed.
  for (const [at, name] of STOPS.entries())
    for (const listener of process.listeners(name))
      if (before[at]?.includes(listener) === false) process.off(name, listener);
  try {
    if (run.watch) await aborted(run.signal);
  } finally {
    await vitest.close();
    // The exit code is this command line's to decide, by what was reported.
    process.exitCode = exitCode;
  }
};

const escapePattern = (text: string): string =>
  text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
