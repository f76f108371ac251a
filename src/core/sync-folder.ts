import { open } from "node:fs/promises";

/** Puts a folder's names on the disk: a rename is lasting only then. Throws what the file system says. */
export const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};
