#!/usr/bin/env node
import { readFileSync } from "node:fs";

import { commands } from "./commands.ts";
import { runCli } from "./run-cli.ts";
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

const code = await runCli(process.argv.slice(2), commands, {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  version: readVersion(),
  signal: listenForStop(),
});
await Promise.all([flush(process.stdout), flush(process.stderr)]);
// A handle that a library leaves open must not keep the shell waiting.
process.exit(code);
