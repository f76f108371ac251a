import { isFabricError } from "../../src/core/errors/fabric-error.ts";
import { engineCommand } from "./engine-command.ts";
import { startWallProcess } from "./start-wall-process.ts";
import { findWallTools, WALL_PACKAGES } from "./wall-tools.ts";

/** Whether programs can be put behind the outer wall here. */
export type WallState =
  | { readonly available: true }
  | {
      readonly available: false;
      /** In words. */
      readonly reason: string;
      /** Debian packages to install; empty when that would not help. */
      readonly packages: readonly string[];
    };

/** ms that the probe may take. */
const LIMIT_MS = 10_000;
const LIMITS = { memoryBytes: 536_870_912, processes: 32, files: 32, temporaryBytes: 0 };
/** Says what it can reach of what must not be there. */
const PROBE = `
const fs = require("node:fs");
const reached = ["/etc/passwd", "/proc/self/environ", "/root", "/home", "/dev/sda"].filter((file) => fs.existsSync(file));
if (Object.keys(process.env).some((name) => name !== "PWD" && name !== "UV_THREADPOOL_SIZE")) reached.push("environment");
if (process.getuid() === 0) reached.push("root");
process.stdout.write(JSON.stringify(reached));`;

/** This machine's folders are nobody's business but its own. */
const withoutPaths = (text: string): string => text.replaceAll(/(?:\/[\w.@+-]+){2,}/g, "(a path)");

const no = (reason: string, packages: readonly string[] = []): WallState => ({
  available: false,
  reason: withoutPaths(reason).slice(0, 300),
  packages,
});

/**
 * Starts a program behind the wall and looks out of it: tools, kernel and filter are there only when that works. Takes
 * about 0.1 s.
 */
export const detectWall = async (): Promise<WallState> => {
  const found = findWallTools();
  if ("missing" in found && process.platform === "linux")
    return no(`${found.missing.join(", ")} not found`, [
      ...new Set(found.missing.map((name) => WALL_PACKAGES[name])),
    ]);
  try {
    const probe = startWallProcess(engineCommand(["-e", PROBE], LIMITS));
    const timer = setTimeout(() => void probe.kill(), LIMIT_MS);
    let said = "";
    probe.stdout.setEncoding("utf8").on("data", (text: string) => {
      said = `${said}${text}`.slice(0, 1_024);
    });
    const { code, signal, stderr } = await probe.exited;
    clearTimeout(timer);
    if (code !== 0) {
      const ended = `it ended with ${code ?? signal ?? "nothing"}`;
      return no(stderr.split("\n")[0] || ended);
    }
    return said === "[]" ? { available: true } : no(`a program inside reaches ${said}`);
  } catch (error) {
    if (isFabricError(error)) return no(String(error.arguments["reason"] ?? error.code));
    return no(error instanceof Error ? error.message : String(error));
  }
};
