import { mkdtempSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

/** A folder that does not outlive the process. */
export interface TemporaryFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/** A new folder, readable by its owner alone; removed at the latest when the process exits. */
export const createTemporaryFolder = (prefix: string): TemporaryFolder => {
  const folder = mkdtempSync(path.join(tmpdir(), prefix));
  const sweep = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", sweep);
  return {
    path: folder,
    remove: async () => {
      process.off("exit", sweep);
      await rm(folder, { recursive: true, force: true });
    },
  };
};
