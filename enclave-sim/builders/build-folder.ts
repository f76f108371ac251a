import { cp, copyFile, mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { guestLibrary } from "./guest-library.ts";
import { buildFailed } from "./run-tool.ts";

/** Folders that hold no sources. */
const SKIPPED = new Set(["node_modules", "dist", "target"]);
/** Most files and bytes of one Cryptlet's sources. */
const MAX_FILES = 5_000;
const MAX_BYTES = 67_108_864;

/** A folder of its own for one build: sources in `app`, the language's guest library in `cryptlet`. */
export interface BuildFolder {
  /** Working directory of the tools: everything they see has the same relative name in every build. */
  readonly app: string;
  readonly library: string;
  /** For what tools write besides the result. */
  readonly scratch: string;
}

/** Copies files with these endings; links and what is no file are left out. */
const copySources = async (
  from: string,
  to: string,
  endings: readonly string[],
  seen: { files: number; bytes: number },
): Promise<void> => {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name);
    const target = path.join(to, entry.name);
    if (entry.name.startsWith(".") || SKIPPED.has(entry.name)) continue;
    if (entry.isDirectory()) await copySources(source, target, endings, seen);
    else if (entry.isFile() && endings.includes(path.extname(entry.name))) {
      seen.files += 1;
      seen.bytes += (await stat(source)).size;
      if (seen.files > MAX_FILES || seen.bytes > MAX_BYTES)
        throw fabricError("PACKAGE_BUILD_FAILED", {
          path: from,
          faults: `its sources are more than ${MAX_FILES} files or ${MAX_BYTES} bytes`,
        });
      await copyFile(source, target);
    }
  }
};

/**
 * Copies the sources of a Cryptlet and its language's guest library into a fresh folder, builds there, and removes it.
 * What a tool fails with becomes `PACKAGE_BUILD_FAILED`.
 */
export const inBuildFolder = async <Result>(
  root: string,
  sources: { readonly language: string; readonly endings: readonly string[] },
  build: (folder: BuildFolder) => Promise<Result>,
): Promise<Result> => {
  const folder = await mkdtemp(path.join(tmpdir(), "cryptlet-build-"));
  const [app, library, scratch] = ["app", "cryptlet", "scratch"].map((name) =>
    path.join(folder, name),
  ) as [string, string, string];
  try {
    await copySources(root, app, sources.endings, { files: 0, bytes: 0 });
    await cp(guestLibrary(sources.language), library, { recursive: true });
    await mkdir(scratch);
    return await build({ app, library, scratch });
  } catch (error) {
    throw buildFailed(root, error, [app, folder]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
