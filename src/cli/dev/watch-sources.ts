import { watch, type FSWatcher } from "node:fs";

import { systemClock } from "../../core/clock.ts";
import { createWake } from "../../core/wake.ts";
import { changedFiles, readSourceTree, type SourceTree } from "./source-tree.ts";

/** An editor writes a file in several steps; a save is over when nothing happened for so long, ms. */
const SETTLE_MS = 15;
/** Between two looks where the system gives no news, ms. */
const POLL_MS = 200;
/** Between two looks where it does: news get lost on some file systems. */
const SAFETY_MS = 5_000;

export interface SourceWatch {
  /** Files that changed since the last answer, relative to the folder; waits for one. Rejects with the signal's reason. */
  next(signal: AbortSignal): Promise<readonly string[]>;
  /** False where the system refused to tell of changes, so that the folder is looked at again and again. */
  readonly told: boolean;
  close(): void;
}

/**
 * Watches the sources in a folder. One watcher a folder, because a recursive one follows node_modules as well and differs
 * from system to system; what counts is another look at the files, so that no news and no wrong ones do no harm.
 */
export const watchSources = async (root: string): Promise<SourceWatch> => {
  const wake = createWake(systemClock);
  const watchers = new Map<string, FSWatcher>();
  let tree: SourceTree = await readSourceTree(root);
  let told = true;

  const follow = (folders: readonly string[]): void => {
    for (const [folder, watcher] of watchers)
      if (!folders.includes(folder)) {
        watcher.close();
        watchers.delete(folder);
      }
    for (const folder of folders)
      if (!watchers.has(folder)) {
        try {
          const watcher = watch(folder, { persistent: false }, () => wake.notify());
          watcher.on("error", () => {
            watcher.close();
            watchers.delete(folder);
            wake.notify();
          });
          watchers.set(folder, watcher);
        } catch {
          // Out of watchers, or a file system that knows none.
          told = false;
        }
      }
  };
  follow(tree.folders);

  return {
    next: async (signal) => {
      for (;;) {
        await wake.wait(told ? SAFETY_MS : POLL_MS, { signal });
        let last = tree;
        let now = await readSourceTree(root);
        // Until two looks in a row see the same.
        while (changedFiles(last, now).length > 0) {
          await systemClock.sleep(SETTLE_MS, { signal });
          last = now;
          now = await readSourceTree(root);
        }
        const changed = changedFiles(tree, now);
        tree = now;
        follow(tree.folders);
        if (changed.length > 0) return changed;
      }
    },
    get told() {
      return told;
    },
    close: () => {
      for (const watcher of watchers.values()) watcher.close();
      watchers.clear();
    },
  };
};
