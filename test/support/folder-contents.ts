import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

/** Every file below a folder with its bytes in base64, by path: two folders are equal when these are. */
export const folderContents = (folder: string): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => statSync(path.join(folder, name)).isFile())
      .toSorted()
      .map((name) => [name, readFileSync(path.join(folder, name), "base64")]),
  );
