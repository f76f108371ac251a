#!/usr/bin/env node
import { readFileSync } from "node:fs";

import { readCommandIndex } from "./command-index.ts";
import { formatRootHelp } from "./help.ts";
import { listenForStop } from "./stop.ts";

/** `version` of the package.json that this file was shipped with: two folders up in the source, three in dist. */
const readVersion = (): string => {
  for (const up of ["../../../package.json", "../../package.json"]) {
    try {
      const parsed: unknown = JSON.parse(readFileSync(new URL(up, import.meta.url), "utf8"));
      if (typeof parsed === "object" && parsed && "version" in parsed)
        return String(parsed.version);
    } catch {
      // Not there: the next place.
    }
  }
  return "unknown";
};

/** Resolves when everything written so far has left the process; a reader that went away counts as read. */
const flush = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => {
    if (stream.destroyed || !stream.writable) resolve();
    else stream.write("", () => resolve());
  });

const argv = process.argv.slice(2);
const signal = listenForStop();
const index = readCommandIndex();

/** What needs neither a command nor the parser: half of all starts, and the ones that somebody waits for. */
const quickAnswer = (): string | null => {
  const [only, ...others] = argv;
  if (others.length > 0 || index === null) return null;
  if (only === undefined || only === "--help" || only === "-h") return formatRootHelp(index);
  return only === "--version" ? readVersion() : null;
};

const run = async (): Promise<number> => {
  const answer = quickAnswer();
  if (answer !== null) {
    process.stdout.write(`${answer}\n`);
    return 0;
  }
  const [{ runCli }, { loadCommands }] = await Promise.all([
    import("./run-cli.ts"),
    import("./load-commands.ts"),
  ]);
  return runCli(argv, await loadCommands(argv, index), {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    version: readVersion(),
    signal,
  });
};

const code = await run();
await Promise.all([flush(process.stdout), flush(process.stderr)]);
// A handle that a library leaves open must not keep the shell waiting.
process.exit(code);
