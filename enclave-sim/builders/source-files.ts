import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import type { Manifest } from "../../src/sdk/manifest.ts";

/** One source file: path inside its folder with `/`, and its bytes. */
export interface SourceFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Files and bytes of one Cryptlet's sources. */
const MAX_FILES = 1_000;
const MAX_BYTES = 16_777_216;

/** Every file of one extension under a folder, in an order that no file system decides. Throws `PACKAGE_BUILD_FAILED`. */
export const readSources = async (
  folder: string,
  extension: string,
): Promise<readonly SourceFile[]> => {
  const failed = (faults: string) => fabricError("PACKAGE_BUILD_FAILED", { path: folder, faults });
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => {
    throw failed("the folder of its main file cannot be read");
  });
  // Links are left out: what is measured lies in the folder.
  const names = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .map((name) => name.replaceAll(path.sep, "/"))
    .toSorted();
  if (names.length > MAX_FILES) throw failed(`more than ${MAX_FILES} source files`);
  const files = await Promise.all(
    names.map(async (name) => ({
      name,
      bytes: new Uint8Array(await readFile(path.join(folder, name))),
    })),
  );
  if (files.reduce((sum, { bytes }) => sum + bytes.length, 0) > MAX_BYTES)
    throw failed(`more than ${MAX_BYTES} bytes of sources`);
  return files;
};

/** Absolute paths of the same files. Throws `PACKAGE_BUILD_FAILED`. */
export const sourcePaths = async (folder: string, extension: string): Promise<readonly string[]> =>
  (await readSources(folder, extension)).map(({ name }) => path.join(folder, name));

/** Folder of the main file and the main file's name in it. Throws `PACKAGE_BUILD_FAILED` when it has another extension. */
export const sourceRoot = (
  root: string,
  { main }: Pick<Manifest, "main">,
  extension: string,
): { readonly folder: string; readonly main: string } => {
  if (!main.endsWith(extension))
    throw fabricError("PACKAGE_BUILD_FAILED", {
      path: root,
      faults: `main of cryptlet.json must end with ${extension}`,
    });
  return { folder: path.join(root, path.dirname(main)), main: path.basename(main) };
};
