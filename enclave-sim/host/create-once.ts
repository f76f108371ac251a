import { randomUUID } from "node:crypto";
import { link, open, readFile, unlink } from "node:fs/promises";
import path from "node:path";
import { systemCode } from "../../src/core/errors/system-code.ts";

/** Owner only. */
const MODE = 0o600;

/**
 * Bytes of a file that is made once: whoever comes first writes, everybody reads the same. The file appears whole or
 * not at all, also when the machine stops, because a half-written key would be a lost key.
 */
export const readOrCreate = async (
  file: string,
  create: () => Uint8Array | string,
): Promise<Buffer> => {
  const found = await readIfThere(file);
  if (found) return found;
  const draft = `${file}.${randomUUID()}`;
  const handle = await open(draft, "wx", MODE);
  try {
    await handle.writeFile(create());
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(draft, file);
    await syncDirectory(path.dirname(file));
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  } finally {
    await unlink(draft);
  }
  return readFile(file);
};

const readIfThere = async (file: string): Promise<Buffer | undefined> => {
  try {
    return await readFile(file);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
};

const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};
