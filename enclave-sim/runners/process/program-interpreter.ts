import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { programRuntime, type ProgramLanguage } from "./program-runtimes.ts";

const known = new Map<ProgramLanguage, string>();
/** Not run: compiled files that the runtime is told to leave alone, and what Debian keeps for its own use. */
const LEFT_OUT = new Set(["__pycache__", "dist-packages", "EXTERNALLY-MANAGED"]);

/**
 * What a program is measured with besides its own code: every file of its runtime that holds code, by name and bytes.
 * The system's shared libraries and the kernel are not in it. Canonical JSON text; takes up to half a second, once.
 * Throws `LANE_ENGINE_MISSING`.
 */
export const programInterpreter = (language: ProgramLanguage): string => {
  const found = known.get(language);
  if (found !== undefined) return found;
  const hash = createHash("sha256").update("cryptlet/runtime/v1\n");
  for (const root of programRuntime(language).measured)
    for (const file of filesOf(root)) {
      const bytes = readFileSync(file);
      hash.update(`${file} ${bytes.length}\n`).update(bytes);
    }
  const text = JSON.stringify({ engine: `sha256:${hash.digest("hex")}`, language, protocol: 1 });
  known.set(language, text);
  return text;
};

/** Files below a path in an order that no file system decides; links are taken by what they lead to. */
const filesOf = (root: string): readonly string[] => {
  if (statSync(root).isFile()) return [root];
  return readdirSync(root)
    .filter((name) => !LEFT_OUT.has(name))
    .toSorted()
    .map((name) => path.join(root, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false }) !== undefined)
    .flatMap(filesOf);
};
