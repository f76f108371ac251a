import { readdir, stat } from "node:fs/promises";
import path from "node:path";

/** Folders that hold nothing of a Cryptlet's author. */
const SKIPPED: ReadonlySet<string> = new Set(["node_modules", "dist", "target", "coverage"]);
/** What a name may begin with a dot and still count. */
const KEPT: ReadonlySet<string> = new Set([".dev.vars"]);
/** Files and folders that are looked at; what lies beyond is not watched. */
export const TREE_BOUNDS = { files: 5_000, folders: 500 } as const;

/** Every file of a folder as it stands: path relative to it, and a text that another content changes. */
export interface SourceTree {
  readonly files: ReadonlyMap<string, string>;
  /** Absolute paths. */
  readonly folders: readonly string[];
  /** False where the folder holds more than is looked at. */
  readonly complete: boolean;
}

/** Look at a folder. What goes away meanwhile, or may not be read, is not there. */
export const readSourceTree = async (root: string): Promise<SourceTree> => {
  const files = new Map<string, string>();
  const folders: string[] = [];
  const waiting = [root];
  let complete = true;
  for (let folder = waiting.shift(); folder !== undefined; folder = waiting.shift()) {
    if (folders.length >= TREE_BOUNDS.folders) {
      complete = false;
      break;
    }
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => null);
    if (entries === null) continue;
    folders.push(folder);
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      if (SKIPPED.has(entry.name) || (entry.name.startsWith(".") && !KEPT.has(entry.name)))
        continue;
      const file = path.join(folder, entry.name);
      // A link to a folder could lead anywhere, and around; a link to a file is that file.
      if (entry.isDirectory()) waiting.push(file);
      else if (files.size >= TREE_BOUNDS.files) complete = false;
      else {
        const found = await stat(file, { bigint: true }).catch(() => null);
        if (found?.isFile())
          files.set(
            path.relative(root, file),
            [found.mtimeNs, found.size, found.ino, found.mode].join(" "),
          );
      }
    }
  }
  return { files, folders, complete };
};

/** Files that one has and the other has not, or in another state. In order. */
export const changedFiles = (before: SourceTree, after: SourceTree): readonly string[] => {
  const names = new Set([...before.files.keys(), ...after.files.keys()]);
  return [...names].filter((name) => before.files.get(name) !== after.files.get(name)).toSorted();
};
