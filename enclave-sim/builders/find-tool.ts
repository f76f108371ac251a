import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import type { BuildTool } from "./package-builder.ts";
import { runTool } from "./run-tool.ts";

/** Debian's own folders come first: a rustc of rustup without the wasm target would hide the one that has it. */
const FOLDERS = ["/usr/bin", "/usr/local/bin", "/usr/lib/llvm-14/bin"];

/** Absolute paths of every program of that name, Debian's first. */
export const findCommands = (name: string): readonly string[] => {
  const searched = [...FOLDERS, ...(process.env["PATH"] ?? "").split(path.delimiter)];
  const found = searched
    .filter((folder) => path.isAbsolute(folder))
    .map((folder) => path.join(folder, name))
    .filter((file) => existsSync(file));
  return [...new Set(found)];
};

/** A program that Debian has as a package. `check` gives null for one that is there and does not do. */
export const debianTool = (
  name: string,
  debianPackage: string,
  check: (file: string, signal: AbortSignal) => Promise<string | null> = versionOf,
): BuildTool => ({
  name,
  install: `apt-get install ${debianPackage}`,
  find: async ({ signal }) => {
    for (const file of findCommands(name)) {
      // oxlint-disable-next-line no-await-in-loop -- the first that does wins
      const said = await check(file, signal).catch(() => null);
      if (said !== null) return said;
    }
    return null;
  },
});

/** First line of what a program says of itself. */
export const versionOf = async (
  file: string,
  signal: AbortSignal,
  flag = "--version",
): Promise<string> => {
  const { stdout, stderr } = await runTool(file, [flag], { signal, cwd: "/", timeoutMs: 20_000 });
  return (stdout || stderr).split("\n")[0]?.trim() ?? "";
};

const require = createRequire(import.meta.url);

/** A package of npm that the fabric does not bring, installed beside it. `entry` is a file that it exports. */
export const npmTool = (name: string, entry = `${name}/package.json`): BuildTool => ({
  name,
  install: `npm i -D ${name}`,
  find: async () => {
    try {
      const manifest: unknown = JSON.parse(await readFile(require.resolve(entry), "utf8"));
      const version =
        typeof manifest === "object" && manifest !== null && "version" in manifest
          ? String(manifest.version)
          : "";
      return `${name} ${version}`.trim();
    } catch {
      return null;
    }
  },
});
