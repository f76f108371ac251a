import { spawn } from "node:child_process";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { BUILD_MS } from "./package-builder.ts";

/** Characters of a tool's output that are kept of each stream; the rest is thrown away. */
const MAX_OUTPUT = 65_536;

export interface ToolOptions {
  readonly cwd: string;
  readonly signal: AbortSignal;
  /** The whole environment; PATH with Debian's folders when left out. */
  readonly env?: Readonly<Record<string, string>>;
  /** `BUILD_MS` when left out. */
  readonly timeoutMs?: number;
}

/** A tool that ended with another status than zero, or did not end. */
export class ToolFailed extends Error {
  override readonly name = "ToolFailed";
}

/**
 * Runs a compiler without a shell, without input, and with no environment but what it is given.
 * Throws `INTERRUPTED`, and `ToolFailed` with what the tool said.
 */
export const runTool = (
  file: string,
  args: readonly string[],
  { cwd, signal, env = {}, timeoutMs = BUILD_MS }: ToolOptions,
): Promise<{ readonly stdout: string; readonly stderr: string }> =>
  new Promise((resolve, reject) => {
    const said = { stdout: "", stderr: "" };
    const child = spawn(file, args, {
      cwd,
      env: { PATH: "/usr/bin:/bin", LC_ALL: "C", ...env },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, so that a compiler's helpers end with it.
      detached: true,
    });
    let failure: Error | undefined;
    const end = (error: Error) => {
      failure ??= error;
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has ended already.
      }
    };
    const onAbort = () => end(fabricError("INTERRUPTED", { what: "The build" }));
    const timer = setTimeout(
      () => end(new ToolFailed(`${file} took longer than ${timeoutMs} ms`)),
      timeoutMs,
    );
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    for (const stream of ["stdout", "stderr"] as const)
      child[stream].setEncoding("utf8").on("data", (chunk: string) => {
        said[stream] = (said[stream] + chunk).slice(0, MAX_OUTPUT);
      });
    const settle = (error: Error | undefined) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      if (error) reject(error);
      else resolve(said);
    };
    child.once("error", (error) => settle(failure ?? new ToolFailed(error.message)));
    child.once("close", (status, killed) => {
      const words = (said.stderr || said.stdout).trim();
      const ended = new ToolFailed(words || `${file} ended with ${status ?? killed}`);
      settle(failure ?? (status === 0 ? undefined : ended));
    });
  });

/** Anything that a build threw, as the catalogue's error; the author's folder and the build's own are not named. */
export const buildFailed = (directory: string, error: unknown, hide: readonly string[] = []) => {
  if (!(error instanceof ToolFailed)) return error;
  let faults = error.message;
  for (const folder of hide) faults = faults.replaceAll(`${folder}/`, "");
  return fabricError("PACKAGE_BUILD_FAILED", {
    path: directory,
    faults: faults.split("\n").slice(0, 60).join("\n").slice(0, 1_900),
  });
};
