import { parseSync } from "oxc-parser";
import type { SourceFault } from "./source-fault.ts";

/** A module that became part of the bundle. */
export interface BundledModule {
  /** As faults name it. */
  readonly file: string;
  readonly text: string;
}

/** Only such a text can hold what is looked for here; most modules need no parser. */
const MAY_HOLD = /\bimport\s*(?:\(|\.)|\bimport\s*\/[*/]/;
const LANGUAGES: Readonly<Record<string, "js" | "jsx" | "ts" | "tsx">> = {
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
  ".jsx": "jsx",
};

/** Line and column of an offset, from 1. */
export const placeIn = (
  text: string,
  offset: number,
): { readonly line: number; readonly column: number } => {
  const before = text.slice(0, offset);
  const start = Math.max(before.lastIndexOf("\n"), before.lastIndexOf("\r")) + 1;
  return { line: before.split(/\r\n|[\r\n]/).length, column: offset - start + 1 };
};

/** What the bundler takes out of a module before the bundle could be asked: `import()` and `import.meta`. */
export const findModuleFaults = ({ file, text }: BundledModule): readonly SourceFault[] => {
  if (!MAY_HOLD.test(text)) return [];
  const extension = /\.[a-z]+$/.exec(file)?.[0] ?? "";
  const { module } = parseSync(file, text, {
    lang: LANGUAGES[extension] ?? "js",
    sourceType: "unambiguous",
  });
  return [
    ...module.dynamicImports.map(({ start }) => ({
      file,
      ...placeIn(text, start),
      api: "import()",
      instead: "import at the head of the module",
    })),
    ...module.importMetas.map(({ start }) => ({
      file,
      ...placeIn(text, start),
      api: "import.meta",
      instead: "nothing: a package has no place of its own",
    })),
  ];
};
