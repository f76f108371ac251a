import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { onTestFinished } from "vitest";

/** The built command line, as npm installs it. */
export const CLI = path.resolve("dist/src/cli/main.js");

/** A run of the built command line in a process of its own. */
export interface CliProcess {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves with the next whole line of standard output; rejects when the process ends before. */
  nextLine(): Promise<string>;
  /** Exit code; -1 for a process that a signal ended. */
  readonly exit: Promise<number>;
}

/** Start the built command line. It is killed at the latest when the test ends. */
export const startCli = (
  argv: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string; readonly keep?: true } = {},
): CliProcess => {
  const child = spawn(process.execPath, [CLI, ...argv], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  let stdout = "";
  let stderr = "";
  let taken = 0;
  let wake: (() => void) | null = null;
  let ended = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    wake?.();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const exit = once(child, "close").then(([code]) => {
    ended = true;
    wake?.();
    return typeof code === "number" ? code : -1;
  });
  if (options.keep !== true)
    onTestFinished(async () => {
      child.kill("SIGKILL");
      await exit;
    });
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    exit,
    nextLine: async () => {
      for (;;) {
        const end = stdout.indexOf("\n", taken);
        if (end !== -1) {
          const line = stdout.slice(taken, end);
          taken = end + 1;
          return line;
        }
        if (ended) throw new Error(`the command ended: ${stderr}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
};

/** Run the built command line to its end. */
export const runCliProcess = async (
  argv: readonly string[],
  options: Parameters<typeof startCli>[1] = {},
): Promise<{ code: number; stdout: string; stderr: string }> => {
  const run = startCli(argv, options);
  const code = await run.exit;
  return { code, stdout: run.stdout(), stderr: run.stderr() };
};
