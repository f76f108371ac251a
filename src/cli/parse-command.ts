import { CommanderError } from "commander";

import { fabricError } from "../core/errors/fabric-error.ts";
import type { CommandRecord } from "./command.ts";
import type { CliEnvironment } from "./run-cli.ts";
import { createProgram, type ParsedCommand } from "./program.ts";

/** `error: unknown option '--x'\n(Did you mean --y?)` -> one sentence. */
const toFault = (message: string): string =>
  message
    .replace(/^error: /, "")
    .replaceAll(/\s*\n\s*/g, " ")
    .trim();

const missingVerb = (argv: readonly string[], commands: readonly CommandRecord[]): string => {
  const words = argv.filter((word) => !word.startsWith("-"));
  // The longest run of leading words that commands begin with: `broker secret` before `broker`.
  const family =
    words
      .map((_, index) => words.slice(0, words.length - index).join(" "))
      .find((text) => commands.some(({ name }) => name.startsWith(`${text} `))) ?? "";
  const verbs =
    family === ""
      ? []
      : commands
          .filter(({ name }) => name.startsWith(`${family} `))
          .map(({ name }) => name.slice(family.length + 1));
  return verbs.length === 0
    ? "a command is missing"
    : `cryptlet ${family} needs one of: ${verbs.join(", ")}`;
};

/**
 * Without the commands above the one that is meant: the parser would take `--port` of `dev providers` for that of `dev`.
 */
const withoutThoseAbove = (
  argv: readonly string[],
  commands: readonly CommandRecord[],
): readonly CommandRecord[] => {
  const line = ` ${argv.join(" ")} `;
  const meant = commands
    .map(({ name }) => name)
    .filter((name) => line.includes(` ${name} `))
    .toSorted((a, b) => b.length - a.length)[0];
  return meant === undefined
    ? commands
    : commands.filter(({ name }) => !meant.startsWith(`${name} `));
};

/** The command that the words name; null when help or the version was all that was asked. Throws `USAGE_INVALID`. */
export const parseCommand = (
  argv: readonly string[],
  commands: readonly CommandRecord[],
  environment: Pick<CliEnvironment, "stdout" | "version">,
): ParsedCommand | null => {
  let parsed: ParsedCommand | null = null;
  const program = createProgram(withoutThoseAbove(argv, commands), {
    version: environment.version,
    print: (text) => void environment.stdout.write(text),
    found: (result) => {
      parsed = result;
    },
  });
  try {
    program.parse([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return null;
    const fault =
      error.code === "commander.help" ? missingVerb(argv, commands) : toFault(error.message);
    throw fabricError("USAGE_INVALID", { fault });
  }
  return parsed;
};
