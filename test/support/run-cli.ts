import type { CommandRecord } from "../../src/cli/command.ts";
import { runCli } from "../../src/cli/run-cli.ts";

/** What one command line left behind. */
export interface TestRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Run a command line in this process, without a terminal, and keep what it wrote. */
export const runForTest = async (
  argv: readonly string[],
  commands: readonly CommandRecord[],
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly signal?: AbortSignal;
    readonly tty?: boolean;
  } = {},
): Promise<TestRun> => {
  let stdout = "";
  let stderr = "";
  const isTTY = options.tty ?? false;
  const code = await runCli(argv, commands, {
    stdout: {
      isTTY,
      write: (text) => {
        stdout += text;
      },
    },
    stderr: {
      isTTY,
      write: (text) => {
        stderr += text;
      },
    },
    env: options.env ?? {},
    version: "1.2.3",
    signal: options.signal ?? new AbortController().signal,
  });
  return { code, stdout, stderr };
};
