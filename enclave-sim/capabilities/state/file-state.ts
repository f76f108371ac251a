import { randomUUID } from "node:crypto";
import { link, mkdir, open, readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { sha256Hex } from "../../../src/crypto/hashes.ts";
import type { StateBackend } from "./state-backend.ts";

/** Older versions that stay: while their names are taken, a writer who slept cannot take one of them again. */
const KEPT = 8;

const prefixOf = (scope: string) => sha256Hex(new TextEncoder().encode(scope)).slice(0, 40);

const syncFolder = async (directory: string): Promise<void> => {
  const folder = await open(directory, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
};

/**
 * `StateBackend` in a folder: one file per scope and version. A version is taken by linking to its name, which fails for
 * the second writer, in this process or another.
 */
export const createFileState = (directory: string): StateBackend => {
  const fileOf = (scope: string, version: number) =>
    path.join(directory, `${prefixOf(scope)}.${version}`);
  const versionsOf = async (scope: string): Promise<readonly number[]> => {
    const prefix = `${prefixOf(scope)}.`;
    return (await readdir(directory))
      .filter((name) => name.startsWith(prefix) && /^[1-9]\d*$/.test(name.slice(prefix.length)))
      .map((name) => Number(name.slice(prefix.length)))
      .toSorted((a, b) => b - a);
  };
  return {
    read: async (scope) => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      for (;;) {
        const [version] = await versionsOf(scope);
        if (version === undefined) return { version: 0, body: new Uint8Array() };
        try {
          return { version, body: new Uint8Array(await readFile(fileOf(scope, version))) };
        } catch (error) {
          // A writer has put the next version there and taken this one away.
          if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
        }
      }
    },
    write: async (scope, expected, body) => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const [newest = 0] = await versionsOf(scope);
      if (newest !== expected) return false;
      const fresh = path.join(directory, `.${randomUUID()}`);
      const file = await open(fresh, "wx", 0o600);
      try {
        await file.writeFile(body);
        await file.sync();
        await link(fresh, fileOf(scope, expected + 1));
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
        throw error;
      } finally {
        await file.close();
        await rm(fresh, { force: true });
      }
      await syncFolder(directory);
      const versions = await versionsOf(scope);
      if ((versions[0] ?? 0) > expected + KEPT) {
        await rm(fileOf(scope, expected + 1), { force: true });
        return false;
      }
      const old = versions.filter((version) => version <= expected - KEPT);
      await Promise.all(old.map((version) => rm(fileOf(scope, version), { force: true })));
      return true;
    },
  };
};
