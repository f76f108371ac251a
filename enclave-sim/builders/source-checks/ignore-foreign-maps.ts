import { readFile } from "node:fs/promises";
import type { Plugin } from "esbuild";

/** What esbuild reads as a script by default; a name without an extension is one too. */
const SCRIPT = /(?:\.[cm]?[jt]s|\.[jt]sx|(?:^|[\\/])[^.\\/]*)$/;
const EMPTY_MAP = Buffer.from('{"version":3,"sources":[],"names":[],"mappings":""}');
/** In two parts, so that nobody who reads this module takes it for its own. */
const COMMENT = ["//# source", "MappingURL="].join("");
/** The last such comment counts, and a map without sources is none. */
const NO_MAP = Buffer.from(
  `\n${COMMENT}data:application/json;base64,${EMPTY_MAP.toString("base64")}\n`,
);

/**
 * Reads modules without the source maps that they name. Such a map is its author's own text: one that says that its code
 * was written in the SDK would have the checks trust it. Only maps of the SDK itself are followed.
 */
export const ignoreForeignMaps = (isTrusted: (file: string) => boolean): Plugin => ({
  name: "ignore-foreign-maps",
  setup: (build) => {
    build.onLoad({ filter: SCRIPT, namespace: "file" }, async ({ path }) => {
      if (isTrusted(path)) return undefined;
      const text = await readFile(path);
      return { contents: Buffer.concat([text, NO_MAP]), loader: "default" };
    });
  },
});
