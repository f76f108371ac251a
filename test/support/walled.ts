import { nodeCommand } from "../../enclave-sim/wall/engine-command.ts";
import { startWallProcess } from "../../enclave-sim/wall/start-wall-process.ts";
import type { WallCommand, WallExit, WallLimits } from "../../enclave-sim/wall/wall-process.ts";

export const WALLED: WallLimits = {
  memoryBytes: 536_870_912,
  processes: 32,
  files: 32,
  temporaryBytes: 0,
};

/** What a program behind the wall printed, and how it ended. */
export const runWalled = async (
  command: WallCommand,
): Promise<WallExit & { readonly stdout: string }> => {
  const wall = startWallProcess(command);
  let stdout = "";
  wall.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  wall.stdin.end();
  return { ...(await wall.exited), stdout };
};

/** Runs JavaScript on plain Node behind the wall: what code can do that broke out of its engine. */
export const runNodeWalled = (script: string, change: Partial<WallCommand> = {}) =>
  runWalled({ ...nodeCommand(["-e", script], WALLED), ...change });

/** The same, for a script that prints JSON. */
export const askNodeWalled = async (
  script: string,
  change: Partial<WallCommand> = {},
): Promise<unknown> => {
  const { stdout, stderr, code } = await runNodeWalled(script, change);
  if (stdout === "") throw new Error(`nothing was printed; ended with ${code}: ${stderr}`);
  return JSON.parse(stdout);
};
