import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { fabricError } from "../../src/core/errors/fabric-error.ts";

const here = path.dirname(fileURLToPath(import.meta.url));
/** From the sources, and from what is built of them. */
const CANDIDATES = ["../../guest-libraries", "../../../guest-libraries"];

/**
 * Folder of the author library of a language, which becomes part of the code that is measured.
 * Throws `PACKAGE_BUILD_FAILED`.
 */
export const guestLibrary = (language: string): string => {
  const folders = CANDIDATES.map((name) => path.resolve(here, name, language));
  const found = folders.find((folder) => existsSync(folder));
  if (found) return found;
  throw fabricError("PACKAGE_BUILD_FAILED", {
    path: "guest-libraries",
    faults: `the library for ${language} is not beside the builder`,
  });
};
