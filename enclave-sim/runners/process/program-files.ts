import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** Where the code of programs lies while they are loaded: the wall mounts files, not bytes. */
export interface ProgramFiles {
  /** File with these bytes; the same id is the same file. */
  fileOf(id: string, code: Uint8Array, extension: string): string;
  /** Removes all of them. */
  remove(): void;
}

/**
 * Files that their owner alone can change and everybody can read, because who runs them owns nothing. A folder of its own
 * in the system's temporary folder, made at the first use.
 */
export const createProgramFiles = (): ProgramFiles => {
  let folder: string | undefined;
  const files = new Map<string, string>();
  return {
    fileOf: (id, code, extension) => {
      const known = files.get(id);
      if (known !== undefined && existsSync(known)) return known;
      if (folder === undefined) {
        folder = mkdtempSync(path.join(tmpdir(), "cryptlet-programs-"));
        chmodSync(folder, 0o711);
      }
      const place = path.join(folder, String(files.size));
      mkdirSync(place, { mode: 0o711 });
      const file = path.join(place, `bundle.${extension}`);
      writeFileSync(file, code, { mode: 0o444, flag: "wx" });
      chmodSync(file, 0o444);
      files.set(id, file);
      return file;
    },
    remove: () => {
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
      folder = undefined;
      files.clear();
    },
  };
};
