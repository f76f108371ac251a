import { lstat, readdir, readFile } from "node:fs/promises";
import path from "node:path";

import type { CryptletPackage } from "../../../enclave-sim/host/enclave.ts";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { fileFault } from "../../core/errors/file-fault.ts";
import { digestOf } from "../../crypto/hashes.ts";
import type { SourceDigest } from "../../registry/prepare-release.ts";
import { MAX_SOURCES } from "../../registry/provenance.ts";

/** Largest source file that is named, in bytes. */
const MAX_SOURCE_BYTES = 16_777_216;
/** Files beside the sources that decide what is built. */
const BESIDE = [
  "cryptlet.json",
  "package.json",
  "package-lock.json",
  "pnpm-lock.yaml",
  "yarn.lock",
  "tsconfig.json",
  "Cargo.toml",
  "Cargo.lock",
  "go.mod",
  "go.sum",
];
/** Folders that are made by tools. */
const MADE = new Set(["node_modules", "dist", "target", "coverage"]);

const filesBelow = async (root: string, folder: string): Promise<string[]> => {
  const entries = await readdir(path.join(root, folder), { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    // What begins with a dot may be a secret, and is no source. Links lead elsewhere.
    if (entry.name.startsWith(".") || MADE.has(entry.name)) continue;
    const name = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await filesBelow(root, name)));
    else if (entry.isFile()) found.push(name);
    if (found.length > MAX_SOURCES)
      throw fabricError("USAGE_INVALID", { fault: `${folder} has more than ${MAX_SOURCES} files` });
  }
  return found;
};

const isFile = async (file: string): Promise<boolean> =>
  (await lstat(file).catch(() => null))?.isFile() ?? false;

/**
 * Digests of what a package was built from: every file in the folder of its main file, and the files that fix tools and
 * dependencies. Only digests are published. Throws `FILE_UNREADABLE`, `USAGE_INVALID`.
 */
export const listSourceDigests = async (
  folder: string,
  manifest: Pick<CryptletPackage["manifest"], "main">,
): Promise<readonly SourceDigest[]> => {
  const main = path.posix.dirname(manifest.main);
  const names = new Set<string>();
  for (const name of BESIDE) if (await isFile(path.join(folder, name))) names.add(name);
  try {
    for (const name of await filesBelow(folder, main === "." ? "" : main)) names.add(name);
    const digests: SourceDigest[] = [];
    for (const name of [...names].toSorted()) {
      const file = path.join(folder, name);
      const { size } = await lstat(file);
      if (size > MAX_SOURCE_BYTES)
        throw fabricError("INPUT_TOO_LARGE", { what: file, size, limit: MAX_SOURCE_BYTES });
      digests.push({ path: name, digest: digestOf(new Uint8Array(await readFile(file))) });
    }
    return digests;
  } catch (error) {
    if (!(error instanceof Error && "errno" in error)) throw error;
    const reason = fileFault(error);
    throw fabricError("FILE_UNREADABLE", { file: folder, reason }, { cause: error });
  }
};
