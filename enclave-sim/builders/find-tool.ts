import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import type { BuildTool } from "./package-builder.ts";
import { runTool, ToolFailed } from "./run-tool.ts";

/** Debian's own folders come first: a rustc of rustup without the wasm target would hide the one that has it. */
const FOLDERS = ["/usr/bin", "/usr/local/bin"];

/** Absolute paths of every program of that name, Debian's first. */
export const findCommands = (name: string): readonly string[] => {
  const searched = [...FOLDERS, ...(process.env["PATH"] ?? "").split(path.delimiter)];
  const found = searched
    .filter((folder) => path.isAbsolute(folder))
    .map((folder) => path.join(folder, name))
    .filter((file) => existsSync(file));
  return [...new Set(found)];
};

/** A tool that its builder can run. */
export interface CommandTool extends BuildTool {
  /** Absolute path of the program that was found. Throws `ToolFailed`. */
  locate(options: { readonly signal: AbortSignal }): Promise<string>;
}

/**
 * A program that Debian has as a package; the first of that name that does is taken. `check` gives what it says of
 * itself, and null or an error for one that does not do.
 */
export const debianTool = (
  name: string,
  debianPackages: string,
  check: (file: string, signal: AbortSignal) => Promise<string | null> = versionOf,
): CommandTool => {
  const search = async (signal: AbortSignal) => {
    for (const file of findCommands(name)) {
      const said = await check(file, signal).catch(() => null);
      if (said !== null) return { file, said };
    }
    return null;
  };
  return {
    name,
    install: `apt-get install ${debianPackages}`,
    find: async ({ signal }) => (await search(signal))?.said ?? null,
    locate: async ({ signal }) => {
      const found = await search(signal);
      if (!found) throw new ToolFailed(`${name} is missing`);
      return found.file;
    },
  };
};

/** First line of what a program says when it is asked with that argument. */
export const versionOf = async (
  file: string,
  signal: AbortSignal,
  argument = "--version",
): Promise<string> => {
  const { stdout, stderr } = await runTool(file, [argument], {
    signal,
    cwd: "/",
    timeoutMs: 20_000,
  });
  return (stdout || stderr).split("\n")[0]?.trim() ?? "";
};

const require = createRequire(import.meta.url);

/** A package of npm that the fabric does not bring, installed beside it. */
export interface ModuleTool extends BuildTool {
  /** Absolute path of a file of the package. Throws `ToolFailed`. */
  locate(file: string): string;
}

/** @see ModuleTool */
export const npmTool = (name: string): ModuleTool => {
  const locate = (file: string): string => {
    // Not by its exports, which may hide what is asked for.
    const folders = require.resolve.paths(name) ?? [];
    const found = folders
      .map((folder) => path.join(folder, name, file))
      .find((candidate) => existsSync(candidate));
    if (found === undefined) throw new ToolFailed(`${name} is missing`);
    return found;
  };
  return {
    name,
    install: `npm i -D ${name}`,
    locate,
    find: async () => {
      try {
        const manifest: unknown = JSON.parse(await readFile(locate("package.json"), "utf8"));
        const version =
          typeof manifest === "object" && manifest !== null && "version" in manifest
            ? String(manifest.version)
            : "";
        return `${name} ${version}`.trim();
      } catch {
        return null;
      }
    },
  };
};
