import { execFileSync } from "node:child_process";
import { accessSync, constants, realpathSync } from "node:fs";
import path from "node:path";

/** Programs that the wall is built of, by absolute path. */
export interface WallTools {
  readonly setpriv: string;
  readonly bwrap: string;
  readonly prlimit: string;
}

/** Debian's package of each. */
export const WALL_PACKAGES: Readonly<Record<keyof WallTools, string>> = {
  bwrap: "bubblewrap",
  setpriv: "util-linux",
  prlimit: "util-linux",
};

/** The system's folders only: PATH belongs to whoever starts the host, and the wall is started as root. */
const FOLDERS = ["/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin", "/sbin"];

const findTool = (name: string, folders: readonly string[]): string | undefined =>
  folders
    .map((folder) => path.join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });

/** The tools, or the names of those that are missing. */
export const findWallTools = (
  folders: readonly string[] = FOLDERS,
): { readonly tools: WallTools } | { readonly missing: readonly (keyof WallTools)[] } => {
  const [setpriv, bwrap, prlimit] = [
    findTool("setpriv", folders),
    findTool("bwrap", folders),
    findTool("prlimit", folders),
  ];
  if (setpriv && bwrap && prlimit) return { tools: { setpriv, bwrap, prlimit } };
  const found = { setpriv, bwrap, prlimit };
  const names = ["bwrap", "setpriv", "prlimit"] as const;
  return { missing: names.filter((name) => found[name] === undefined) };
};

const known = new Map<string, readonly string[]>();

/**
 * Files that the system's loader maps for a program: its libraries and the loader itself, as ldd(1) names them. Asked
 * once per program; only for programs of the system, because the loader of a program is run by this.
 */
export const libraryFiles = (program: string): readonly string[] => {
  const found = known.get(program);
  if (found) return found;
  const text = execFileSync("/usr/bin/ldd", [realpathSync(program)], {
    encoding: "utf8",
    env: {},
    timeout: 10_000,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const files = text
    .split("\n")
    .map((line) => /(?:=> |^\s*)(\/\S+) \(0x/.exec(line)?.[1])
    .filter((file) => file !== undefined);
  known.set(program, files);
  return files;
};
