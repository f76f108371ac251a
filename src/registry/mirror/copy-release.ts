import { fabricError } from "../../core/errors/fabric-error.ts";
import type { Digest } from "../../core/ids.ts";
import { digestOf } from "../../crypto/hashes.ts";
import { openRelease } from "../open-release.ts";
import { filesOf, type PackageStatement } from "../package-statement.ts";
import { readStored, storeFile, type RegistryFolder } from "../registry-folder.ts";
import type { Registry } from "../registry.ts";

/** How much came from the source, and how much was here. */
export interface CopiedFiles {
  readonly fetched: number;
  readonly bytes: number;
}

/**
 * Copy the files of one release whose statement was verified. A file that is here already, whole, is not fetched again;
 * one that was damaged is. Each must have the digest and the size that the statement names, and all of them together must
 * be the package that it describes, before the first of them is stored.
 * Throws `BLOB_WRONG`, `BLOB_UNKNOWN`, `RELEASE_CONTRADICTS`, `PACKAGE_INVALID`, `REGISTRY_UNWRITABLE`, and what the
 * source throws.
 */
export const copyRelease = async (
  { source, folder }: { readonly source: Registry; readonly folder: RegistryFolder },
  statement: PackageStatement,
  call: { readonly signal?: AbortSignal },
): Promise<CopiedFiles> => {
  const blobs = new Map<Digest, Uint8Array>();
  const fresh = new Map<Digest, Uint8Array>();
  for (const { file } of filesOf(statement)) {
    if (blobs.has(file.digest)) continue;
    const stored = await readStored(folder.blob(file.digest), file.size).catch(() => null);
    if (stored !== null && digestOf(stored) === file.digest) {
      blobs.set(file.digest, stored);
      continue;
    }
    const bytes = await source.blob(file.digest, call);
    if (bytes.length !== file.size || digestOf(bytes) !== file.digest)
      throw fabricError("BLOB_WRONG", { digest: file.digest });
    blobs.set(file.digest, bytes);
    fresh.set(file.digest, bytes);
  }
  openRelease(statement, blobs);
  let size = 0;
  for (const [digest, bytes] of fresh) {
    await storeFile(folder.drafts, folder.blob(digest), bytes);
    size += bytes.length;
  }
  return { fetched: fresh.size, bytes: size };
};
