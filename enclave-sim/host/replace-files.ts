import { spawnSync, type SpawnSyncOptions } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, renameSync } from "node:fs";
import { mkdir, open, readFile, rm, unlink } from "node:fs/promises";
import path from "node:path";
import { syncFolder } from "../../src/core/sync-folder.ts";

const SHELL = "/bin/sh";

/** A file that a folder shall hold; without bytes, one that is removed as soon as one of `when` changes. */
export type ReplacedFile =
  | { readonly name: string; readonly bytes: Uint8Array }
  | { readonly name: string; readonly bytes: null; readonly when: readonly string[] };

const isSame = async (file: string, bytes: Uint8Array): Promise<boolean> => {
  const found = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    // A file cannot take its place, and mv would put it inside.
    if (error.code === "EISDIR") throw error;
    return null;
  });
  return found !== null && found.equals(bytes);
};

const RENAME = 'while [ $# -gt 1 ]; do mv -f -- "$1" "$2" || exit 1; shift 2; done';

/**
 * One after the other. Several are left to a process of its own session: whoever kills this one, or its group, between
 * two of them does not stop the rest. Where there is no shell it is done here.
 */
const renameAll = (drafts: readonly { readonly draft: string; readonly file: string }[]): void => {
  if (drafts.length > 1 && existsSync(SHELL)) {
    const names = drafts.flatMap(({ draft, file }) => [draft, file]);
    const options = { detached: true, stdio: "ignore" } as SpawnSyncOptions;
    if (spawnSync(SHELL, ["-c", RENAME, "rename", ...names], options).status === 0) return;
  }
  for (const { draft, file } of drafts) if (existsSync(draft)) renameSync(draft, file);
};

/**
 * Puts files in place of those of the same names. Everything is written and synced beside them first, so that a full disk
 * or a kill leaves the old ones whole; then they change names one right after the other, in this order. What is equal
 * already stays untouched. Throws what the file system says.
 */
export const replaceFiles = async (
  directory: string,
  files: readonly ReplacedFile[],
): Promise<void> => {
  await mkdir(directory, { recursive: true });
  const drafts: { readonly draft: string; readonly file: string }[] = [];
  const leave = () =>
    Promise.all(drafts.map(({ draft }) => rm(draft, { force: true }).catch(() => undefined)));
  try {
    for (const { name, bytes } of files) {
      const file = path.join(directory, name);
      if (bytes === null || (await isSame(file, bytes))) continue;
      const draft = path.join(directory, `.${name}.${randomUUID()}`);
      drafts.push({ draft, file });
      const handle = await open(draft, "wx");
      try {
        await handle.writeFile(bytes);
        await handle.sync();
      } finally {
        await handle.close();
      }
    }
  } catch (error) {
    await leave();
    throw error;
  }
  if (drafts.length === 0) return;
  const changed = new Set(drafts.map(({ file }) => path.basename(file)));
  for (const each of files)
    if (each.bytes === null && each.when.some((name) => changed.has(name)))
      await unlink(path.join(directory, each.name)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw error;
      });
  try {
    renameAll(drafts);
  } catch (error) {
    await leave();
    throw error;
  }
  await syncFolder(directory);
};
