import { constants } from "node:fs";
import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import path from "node:path";
import { fabricError } from "../core/errors/fabric-error.ts";
import { fileFault } from "../core/errors/file-fault.ts";
import { systemCode } from "../core/errors/system-code.ts";
import { digestHex, type Digest } from "../core/ids.ts";
import { syncFolder } from "../core/sync-folder.ts";

/** Where a folder registry keeps what. Everything but `private` may be copied and served. */
export interface RegistryFolder {
  readonly root: string;
  /** Who it is: origin and checkpoint key. */
  readonly identity: string;
  readonly checkpoint: string;
  /** Seed of the checkpoint key, for its owner alone. Never served, never copied. */
  readonly secret: string;
  readonly lock: string;
  /** What is being written; emptied by the next writer. */
  readonly drafts: string;
  entry(position: number): string;
  blob(digest: Digest): string;
}

/** Entries of one subfolder: a directory of 100,000 files is slow on many file systems. */
const PER_FOLDER = 1_000;

/** @see RegistryFolder */
export const registryFolder = (root: string): RegistryFolder => ({
  root,
  identity: path.join(root, "registry.json"),
  checkpoint: path.join(root, "checkpoint"),
  secret: path.join(root, "private", "checkpoint.key"),
  lock: path.join(root, "private", "lock"),
  drafts: path.join(root, "private", "drafts"),
  entry: (position) =>
    path.join(
      root,
      "log",
      String(Math.floor(position / PER_FOLDER)).padStart(6, "0"),
      `${String(position).padStart(9, "0")}.json`,
    ),
  blob: (digest) => {
    const hex = digestHex(digest);
    return path.join(root, "blobs", hex.slice(0, 2), hex);
  },
});

/** Bytes of a file, at most `limit`; null where there is none. Throws `REGISTRY_DAMAGED`. */
export const readStored = async (file: string, limit: number): Promise<Uint8Array | null> => {
  const damaged = (reason: string, cause?: unknown) =>
    fabricError("REGISTRY_DAMAGED", { what: file, reason }, { cause });
  try {
    // Without O_NONBLOCK a pipe that nobody writes to would be waited for.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw damaged("it is not a file");
      if (stats.size > limit) throw damaged(`it has ${stats.size} bytes, ${limit} are allowed`);
      const bytes = new Uint8Array(stats.size);
      const { bytesRead } = await handle.read(bytes, 0, stats.size, 0);
      if (bytesRead !== stats.size) throw damaged("it changed while it was read");
      return bytes;
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    if (error instanceof Error && "errno" in error) throw damaged(fileFault(error), error);
    throw error;
  }
};

/**
 * Write a file so that it is there whole or not at all, also when the machine stops: a draft, to the disk, then its name.
 * Throws `REGISTRY_UNWRITABLE`; then the draft is gone and what stood there before is as it was.
 */
export const storeFile = async (
  drafts: string,
  file: string,
  content: Uint8Array | string,
  { mode = 0o644 }: { readonly mode?: number } = {},
): Promise<void> => {
  const draft = path.join(drafts, randomUUID());
  try {
    await mkdir(drafts, { recursive: true, mode: 0o700 });
    const made = await mkdir(path.dirname(file), { recursive: true });
    const handle = await open(draft, "wx", mode);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
    await syncFolder(path.dirname(file));
    // A folder that was made just now has its name in the one above it.
    if (made !== undefined) await syncFolder(path.dirname(path.dirname(file)));
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw fabricError("REGISTRY_UNWRITABLE", { file, reason: fileFault(error) }, { cause: error });
  }
};
