import { readFileSync } from "node:fs";

import type { CommandRecord } from "./command.ts";

/** What the first screen says of a command. */
export type CommandSummary = Pick<CommandRecord, "name" | "group" | "summary">;

/**
 * Every command's first line, as the build wrote it beside this file: to list sixty commands their sixty files need not be
 * loaded. Null where no build wrote it (the sources run as they are), and then the files are what is asked.
 */
export const readCommandIndex = (): readonly CommandSummary[] | null => {
  try {
    const text = readFileSync(new URL("command-index.json", import.meta.url), "utf8");
    // The build wrote it from the records, into the folder that this code is loaded from.
    return JSON.parse(text) as readonly CommandSummary[];
  } catch {
    return null;
  }
};

/** File and export of a command by its name: `feed get` is `feedGet` of `commands/feed-get.ts`. */
export const placeOfCommand = (name: string): { readonly file: string; readonly key: string } => ({
  file: name.replaceAll(" ", "-"),
  key: name.replaceAll(/[ -](.)/g, (_, letter: string) => letter.toUpperCase()),
});
