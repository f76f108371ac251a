import { chmodSync, cpSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const OTHERS_ENTER = 0o001;
const OTHERS_READ = 0o005;

/** Whether a user who owns nothing can read this folder: every folder above it must let others through. */
export const isOpenToOthers = (folder: string): boolean => {
  if ((statSync(folder).mode & OTHERS_READ) !== OTHERS_READ) return false;
  let above = path.dirname(folder);
  for (;;) {
    if ((statSync(above).mode & OTHERS_ENTER) === 0) return false;
    const next = path.dirname(above);
    if (next === above) return true;
    above = next;
  }
};

const openUp = (folder: string): void => {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const name = path.join(folder, entry.name);
    if (entry.isDirectory()) openUp(name);
    else if (entry.isFile()) chmodSync(name, 0o644);
  }
};

const copies = new Map<string, string>();
process.once("exit", () => {
  for (const copy of copies.values()) rmSync(path.dirname(copy), { recursive: true, force: true });
});

/**
 * A folder as the wall can mount it. Root starts the wall as a user who owns nothing; what lies where that user cannot
 * go, in a checkout below a private folder for example, is copied to the system's temporary folder, once per thread.
 */
export const reachableFolder = (folder: string): string => {
  if (process.getuid?.() !== 0 || isOpenToOthers(folder)) return folder;
  const known = copies.get(folder);
  if (known !== undefined) return known;
  const above = mkdtempSync(path.join(tmpdir(), "cryptlet-wall-"));
  const copy = path.join(above, "files");
  cpSync(folder, copy, { recursive: true, dereference: true });
  openUp(above);
  copies.set(folder, copy);
  return copy;
};
