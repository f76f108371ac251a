import { spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { buildSeccompFilter, wallArchitecture } from "./seccomp-filter.ts";
import { findProcess, type KnownProcess, untilGone } from "./until-gone.ts";
import { FILTER_FD, INFO_FD, wallArguments } from "./wall-arguments.ts";
import type { WallCommand, WallExit, WallProcess } from "./wall-process.ts";
import { findWallTools, libraryFiles } from "./wall-tools.ts";

/** Bytes of standard error that are kept. */
const STDERR_BYTES = 4_096;
/** Bytes of what bwrap tells of its first process. */
const INFO_BYTES = 1_024;

/**
 * Start a program behind the outer wall, on this thread: it is killed when the thread ends, however that happens.
 * Throws `WALL_UNAVAILABLE` when a tool is missing or there is no filter for this machine. Whether the kernel lets the
 * wall stand shows at its end only: `detectWall` tries it.
 * @example
 * ```ts
 * const wall = startWallProcess({ command: ["/usr/bin/python3", "-"], mounts: [{ from: "/usr" }], … });
 * wall.stdin.end("print(1)");
 * const { code } = await wall.exited;
 * ```
 */
export const startWallProcess = (command: WallCommand): WallProcess => {
  const architecture = wallArchitecture();
  if (process.platform !== "linux" || architecture === null)
    throw fabricError("WALL_UNAVAILABLE", {
      reason: `there is none for ${process.platform} on ${process.arch}`,
    });
  const found = findWallTools();
  if ("missing" in found)
    throw fabricError("WALL_UNAVAILABLE", { reason: `${found.missing.join(", ")} not found` });
  const { tools } = found;
  const [file, ...args] = wallArguments(command, {
    tools,
    libraries: libraryFiles(tools.prlimit),
    root: process.getuid?.() === 0,
  });
  const child = spawn(file, args, {
    stdio: ["pipe", "pipe", "pipe", "pipe", "pipe"],
    env: {},
    cwd: "/",
  });
  const [stdin, stdout, stderr] = [child.stdin, child.stdout, child.stderr];
  const filter = child.stdio[FILTER_FD] as Writable;
  const info = child.stdio[INFO_FD] as Readable;
  // What is written to a program that is gone is lost; how it ended says `exited`.
  for (const stream of [stdin, stdout, stderr, filter, info] as (Readable | Writable)[])
    stream.on("error", () => undefined);
  filter.end(buildSeccompFilter(architecture, command.profile));

  let said = Buffer.alloc(0);
  stderr.on("data", (chunk: Buffer) => {
    said = Buffer.concat([said, chunk]).subarray(-STDERR_BYTES);
  });
  let told = "";
  let first: KnownProcess | null = null;
  info.on("data", (chunk: Buffer) => {
    told = `${told}${chunk.toString("latin1")}`.slice(0, INFO_BYTES);
    const pid = /"child-pid":\s*(\d+)\D/.exec(told)?.[1];
    if (pid !== undefined) first ??= findProcess(Number(pid));
  });
  const closed = new Promise<WallExit>((resolve) => {
    const settle = (code: number | null, signal: string | null) =>
      resolve({ code, signal, stderr: said.toString("utf8") });
    child.once("error", (error) => {
      said = Buffer.from(error.message);
      settle(null, null);
    });
    // "close" comes when nobody inside holds the streams any more, "exit" already when bwrap's outer process is gone.
    child.once("close", settle);
  });
  const exited = closed.then(async (exit) => {
    // Who closed its streams is not waited for above, and SIGKILL to bwrap comes before the kernel's to what is inside.
    if (first !== null) await untilGone(first);
    return exit;
  });
  return {
    pid: child.pid ?? null,
    stdin,
    stdout,
    exited,
    kill: async () => {
      child.kill("SIGKILL");
      // A stream that nobody reads would never close.
      stdout.resume();
      stdin.destroy();
      await exited;
    },
  };
};
