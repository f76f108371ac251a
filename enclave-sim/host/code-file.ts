import { PACKAGE_LIMITS } from "../../src/core/limits.ts";
import type { Language, Manifest } from "../../src/sdk/manifest.ts";

/** Where a package keeps its code, and how much of it there may be. */
export interface CodeFile {
  readonly name: string;
  readonly maxBytes: number;
}

const PROGRAM_FILES: Readonly<Partial<Record<Language, string>>> = {
  python: "bundle.py",
  java: "bundle.jar",
  csharp: "bundle.exe",
};

/** Names that a package's code may have. */
export const CODE_FILES = [
  "bundle.js",
  "bundle.wasm",
  "bundle.evm",
  ...Object.values(PROGRAM_FILES),
] as const;

/** The code's file of a package, by lane and, for programs, by language. */
export const codeFileOf = ({ lane, language }: Pick<Manifest, "lane" | "language">): CodeFile => ({
  name: lane === "process" ? (PROGRAM_FILES[language] ?? "bundle.bin") : `bundle.${lane}`,
  maxBytes: PACKAGE_LIMITS.codeBytes[lane],
});
