import { existsSync } from "node:fs";
import path from "node:path";

/** Folder that holds this package's package.json: above the source in a checkout, above dist when installed. */
const findRoot = (): string => {
  let folder = import.meta.dirname;
  while (!existsSync(path.join(folder, "package.json"))) {
    const parent = path.dirname(folder);
    if (parent === folder) return import.meta.dirname;
    folder = parent;
  }
  return folder;
};

/** A file that `npm run build` makes and npm ships, for example `builtFile("contracts", "FeedStore.json")`. */
export const builtFile = (...parts: readonly string[]): string =>
  path.join(findRoot(), "dist", ...parts);
