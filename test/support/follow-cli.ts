import { EventEmitter, on } from "node:events";

import type { CommandRecord } from "../../src/cli/command.ts";
import { runCli } from "../../src/cli/run-cli.ts";
import type { StopReason } from "../../src/cli/stop.ts";

/** A following command in this process, under `--json`. */
export interface FollowedRun {
  readonly events: { next(): Promise<unknown> };
  readonly stop: (reason: StopReason) => void;
  readonly done: Promise<{ code: number; stdout: string; stderr: string }>;
}

/** Start a command that prints one JSON line per event and runs until it is stopped. */
export const startFollowing = (
  argv: readonly string[],
  commands: readonly CommandRecord[],
  env: Readonly<Record<string, string>> = {},
): FollowedRun => {
  const lines = new EventEmitter();
  const controller = new AbortController();
  const queue = on(lines, "line", { signal: AbortSignal.timeout(20_000) });
  let stdout = "";
  let stderr = "";
  const done = runCli([...argv, "--json"], commands, {
    stdout: {
      write: (text) => {
        stdout += text;
        for (const line of text.split("\n")) if (line !== "") lines.emit("line", line);
      },
    },
    stderr: {
      write: (text) => {
        stderr += text;
      },
    },
    env,
    version: "0.0.0",
    signal: controller.signal,
  }).then((code) => ({ code, stdout, stderr }));
  return {
    events: {
      next: async () => {
        const { value } = (await queue.next()) as { value: [string] };
        return JSON.parse(value[0]) as unknown;
      },
    },
    stop: (reason) => controller.abort(reason),
    done,
  };
};
