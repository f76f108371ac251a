import { Argument, Command, Option } from "commander";

import { flagOf, type CommandRecord, type OptionRecord } from "./command.ts";
import { formatCommandHelp, formatRootHelp } from "./help.ts";

/** What the parser found: the command and the raw texts of its words and flags. */
export interface ParsedCommand {
  readonly record: CommandRecord;
  readonly args: Readonly<Record<string, string | undefined>>;
  readonly options: Readonly<Record<string, unknown>>;
  readonly global: Readonly<Record<string, unknown>>;
}

/** Groups of commands that share a first word, with the line that help shows for them. */
const FAMILIES: Readonly<Record<string, string>> = {
  host: "The host that runs Cryptlets",
  feed: "Read the feeds of a running fabric",
  envelope: "Look into trust envelopes and check them",
  enclave: "Measurements and evidence of enclaves",
  broker: "Secrets for attested enclaves",
  publisher: "Who publishes",
  registry: "Copies of registries",
  "broker secret": "What the broker's vault holds",
};

const toOption = (name: string, record: OptionRecord): Option => {
  const flag = flagOf(name);
  if (record.kind === "flag") return new Option(flag, record.help);
  const standard = "default" in record ? ` (default: ${String(record.default)})` : "";
  const must = "required" in record ? " (required)" : "";
  const choices = record.kind === "choice" ? ` (${record.choices.join(", ")})` : "";
  const option = new Option(`${flag} <${record.value}>`, record.help + choices + must + standard);
  if (record.kind === "list")
    option.argParser((text: string, earlier: readonly string[] | undefined) => [
      ...(earlier ?? []),
      text,
    ]);
  return option;
};

/** commander keeps `--no-chain` as `chain: false`; its record calls it `noChain`. */
const rawOptions = (
  record: CommandRecord,
  opts: Readonly<Record<string, unknown>>,
): Record<string, unknown> => {
  const options: Record<string, unknown> = { ...opts };
  for (const [name, { kind }] of Object.entries(record.options))
    if (kind === "flag" && /^no[A-Z]/.test(name)) {
      const positive = name.charAt(2).toLowerCase() + name.slice(3);
      options[name] = opts[positive] === false;
    }
  return options;
};

const toCommand = (record: CommandRecord, found: (parsed: ParsedCommand) => void): Command => {
  const words = record.name.split(" ");
  const command = new Command(words.at(-1) ?? record.name)
    .summary(record.summary)
    .description(record.description)
    .addHelpText("after", () => formatCommandHelp(record))
    .allowExcessArguments(false);
  for (const { name, help, optional, rest } of record.arguments) {
    const word = rest ? `${name}...` : name;
    command.addArgument(new Argument(optional ? `[${word}]` : `<${word}>`, help));
  }
  for (const [name, option] of Object.entries(record.options))
    command.addOption(toOption(name, option));
  command.action((...given: unknown[]) => {
    const args: Record<string, string | undefined> = {};
    for (const [index, { name }] of record.arguments.entries()) {
      const value = given[index];
      const text = Array.isArray(value) && value.length > 0 ? value.join(" ") : value;
      args[name] = typeof text === "string" ? text : undefined;
    }
    let root = command;
    while (root.parent) root = root.parent;
    found({ record, args, options: rawOptions(record, command.opts()), global: root.opts() });
  });
  return command;
};

/** A program that parses and calls `found`; it never prints and never exits by itself but through commander's errors. */
export const createProgram = (
  commands: readonly CommandRecord[],
  options: {
    readonly version: string;
    readonly print: (text: string) => void;
    readonly found: (parsed: ParsedCommand) => void;
  },
): Command => {
  const program = new Command("cryptlet")
    .version(options.version, "--version", "print the version")
    .option("--json", "print one JSON document")
    .option("--url <URL>", "where the fabric's API is")
    .option("--config <FILE>", "configuration file of the host")
    .option("--verbose", "log lines on standard error")
    .option("--no-color", "no colours")
    .configureHelp({
      formatHelp: (command, helper) =>
        command.parent
          ? Command.prototype.createHelp().formatHelp(command, helper)
          : `${formatRootHelp(commands)}\n`,
    });
  const families = new Map<string, Command>();
  /** The command that the words before the verb name; made with those above it where it is not there yet. */
  const familyOf = (words: readonly string[]): Command => {
    if (words.length === 0) return program;
    const name = words.join(" ");
    const known = families.get(name);
    if (known) return known;
    const says = FAMILIES[name] ?? name;
    const family = new Command(words.at(-1) ?? name).summary(says).description(says);
    families.set(name, family);
    familyOf(words.slice(0, -1)).addCommand(family);
    return family;
  };
  // A command may have others below it, as `dev` has: it is there before they look for their family.
  for (const record of commands.toSorted(
    (a, b) => a.name.split(" ").length - b.name.split(" ").length,
  )) {
    const words = record.name.split(" ");
    const command = toCommand(record, options.found);
    families.set(record.name, command);
    familyOf(words.slice(0, -1)).addCommand(command);
  }
  const settle = (command: Command): void => {
    command
      .exitOverride()
      .configureOutput({ writeOut: options.print, writeErr: () => {}, outputError: () => {} })
      .showSuggestionAfterError();
    for (const child of command.commands) settle(child);
  };
  settle(program);
  return program;
};
