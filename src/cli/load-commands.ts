import path from "node:path";

import { placeOfCommand, type CommandSummary } from "./command-index.ts";
import type { CommandRecord } from "./command.ts";

/** Names of the command that the words begin with, the longest there is, and of those below it: `dev`, `dev providers`. */
const namesFor = (argv: readonly string[], index: readonly CommandSummary[]): readonly string[] => {
  const names = index.map(({ name }) => name);
  const [found] = names
    .filter((name) => name.split(" ").every((word, position) => argv[position] === word))
    .toSorted((a, b) => b.length - a.length);
  return found === undefined
    ? []
    : names.filter((name) => name === found || name.startsWith(`${found} `));
};

const loadCommand = async (name: string): Promise<CommandRecord | undefined> => {
  const { file, key } = placeOfCommand(name);
  // .js when built, .ts where the sources run.
  const module = `./commands/${file}${path.extname(import.meta.url)}`;
  const exported = (await import(new URL(module, import.meta.url).href)) as Readonly<
    Record<string, CommandRecord | undefined>
  >;
  return exported[key];
};

/**
 * The commands that a command line needs: the one that it names where it begins with one, and every one where it does not
 * (global options first, a family's help, a slip that wants "did you mean").
 */
export const loadCommands = async (
  argv: readonly string[],
  index: readonly CommandSummary[] | null,
): Promise<readonly CommandRecord[]> => {
  const names = index === null ? [] : namesFor(argv, index);
  // What is wrong with a file shows below, where all of them are loaded; what an older build named is only gone.
  const loaded = await Promise.all(names.map((name) => loadCommand(name).catch(() => undefined)));
  const records = loaded.filter((record) => record !== undefined);
  return records.length > 0 && records.length === names.length
    ? records
    : (await import("./commands.ts")).commands;
};
