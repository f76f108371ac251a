import { randomUUID } from "node:crypto";
import { open, rename } from "node:fs/promises";
import path from "node:path";

/** Write a file so that it is the old one or the new one, whole, also when the machine stops. Owner only. */
export const replaceFile = async (file: string, text: string): Promise<void> => {
  const draft = `${file}.${randomUUID()}`;
  const handle = await open(draft, "wx", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
  const directory = await open(path.dirname(file), "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
};
