import { open, rm } from "node:fs/promises";

import { fabricError } from "../core/errors/fabric-error.ts";

/**
 * Write a file that must not exist yet, to the disk: no command overwrites what is there, and a full disk keeps no half of
 * a key. `mode` is that of the file. Throws `FILE_UNWRITABLE`.
 */
export const writeNewFile = async (
  file: string,
  text: string,
  { mode }: { readonly mode?: number } = {},
): Promise<void> => {
  try {
    const handle = await open(file, "wx", mode);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw fabricError("FILE_UNWRITABLE", { file, reason }, { cause: error });
  }
};
