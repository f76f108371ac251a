import { COMMAND_GROUPS, type CommandRecord } from "./command.ts";
import type { CommandSummary } from "./command-index.ts";
import { formatTable } from "./table.ts";

/** Flags of every command, as help and docs print them. */
export const GLOBAL_FLAGS: readonly (readonly [flags: string, help: string])[] = [
  ["--json", "print one JSON document instead of text (one line per event when following)"],
  ["--url <URL>", "where the fabric's API is (default: CRYPTLET_URL or http://127.0.0.1:8600)"],
  ["--config <FILE>", "configuration file of the host (default: CRYPTLET_CONFIG)"],
  ["--verbose", "log lines on standard error"],
  ["--no-color", "no colours (so does NO_COLOR)"],
  ["--version", "print the version"],
  ["--help", "explain the command"],
];

/** What each exit code means, as help and docs print it. */
export const EXIT_CODES: readonly (readonly [code: string, meaning: string])[] = [
  ["0", "done"],
  ["1", "a defect of the fabric"],
  ["2", "wrong usage or configuration"],
  ["3", "not found"],
  ["4", "not allowed"],
  ["5", "unavailable"],
  ["10", "no signature"],
  ["11", "signature wrong"],
  ["12", "signer not trusted"],
  ["13", "evidence or measurement refused"],
  ["14", "proof wrong"],
  ["15", "stale"],
  ["16", "agreement incomplete"],
  ["130", "interrupted"],
];

/** The first screen: every command under its group. */
export const formatRootHelp = (commands: readonly CommandSummary[]): string => {
  const widest = Math.max(...commands.map(({ name }) => name.length));
  const groups: string[] = [];
  for (const group of COMMAND_GROUPS) {
    const members = commands.filter((command) => command.group === group);
    if (members.length === 0) continue;
    groups.push(group);
    for (const { name, summary } of members) groups.push(`  ${name.padEnd(widest)}  ${summary}`);
    groups.push("");
  }
  return [
    "Cryptlet Fabric: facts from the outside world on any chain, every step checkable.",
    "",
    "Usage: cryptlet <command> [arguments] [options]",
    "New here? cryptlet demo",
    "",
    ...groups,
    "Options of every command",
    ...formatTable([], GLOBAL_FLAGS)
      .split("\n")
      .map((row) => `  ${row}`),
    "",
    "Exit codes: 0 done, 2 usage, 3 not found, 4 not allowed, 5 unavailable, 10-15 not to be trusted (docs/cli.md)",
  ].join("\n");
};

/** What follows a command's own options in its help. */
export const formatCommandHelp = (command: CommandRecord): string => {
  const lines: string[] = [];
  if (command.examples.length > 0) {
    lines.push("", "Examples:");
    for (const { command: example, says } of command.examples)
      lines.push(`  $ ${example}`, `    ${says}`);
  }
  const exits = Object.entries(command.exits);
  if (exits.length > 0) {
    lines.push("", "Exit codes besides 0, 1, 2 and 130:");
    for (const [code, when] of exits) lines.push(`  ${code.padStart(3)}  ${when}`);
  }
  lines.push("", "Every command also takes --json, --url, --config, --verbose and --no-color.");
  return lines.join("\n");
};
