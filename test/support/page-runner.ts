import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { installPacked, packOnce } from "./packed-project.ts";
import { readPageBlocks, type PageBlock } from "./page-blocks.ts";

const LIMIT_MS = 120_000;

export interface PageRunnerOptions {
  /** Packages that a reader gets from npm beside the fabric; here they come from the checkout. */
  readonly packages: readonly string[];
  /** Texts of the page that differ here, such as ports. */
  readonly replace?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** What a reader's terminal is, for one page after the other. */
export interface PageRunner {
  readonly folder: string;
  /** What block by block was printed, services included. */
  readonly printed: () => string;
  /** Does what one block says. Throws with its line when a command fails or prints something else. */
  run(block: PageBlock): Promise<void>;
  /** Does a whole page. */
  runPage(file: string): Promise<void>;
  close(): Promise<void>;
}

/** `npm install` without network: what the reader would get is put in place. Everything else is the real npm. */
const npmOf = (prepared: string): string => `#!/usr/bin/env bash
if [ "\${1-}" = install ]; then
  mkdir -p node_modules && cp -a ${JSON.stringify(`${prepared}/node_modules/.`)} node_modules/
  exit
fi
exec ${JSON.stringify(path.join(path.dirname(process.execPath), "npm"))} "$@"
`;

/** What npm puts into `.bin` of packages besides the fabric. */
const linkCommands = (prepared: string, packages: readonly string[]): void => {
  for (const name of packages) {
    const at = path.join(prepared, "node_modules", name);
    const { bin = {} } = JSON.parse(readFileSync(path.join(at, "package.json"), "utf8")) as {
      bin?: Record<string, string>;
    };
    for (const [command, file] of Object.entries(bin))
      symlinkSync(path.join(at, file), path.join(prepared, "node_modules/.bin", command));
  }
};

/** What `env -0` printed. */
const readVariables = (text: string): NodeJS.ProcessEnv =>
  Object.fromEntries(
    text
      .split("\0")
      .filter((entry) => entry !== "")
      .map((entry): [string, string] => {
        const [name = "", ...value] = entry.split("=");
        return [name, value.join("=")];
      }),
  );

/** Whether a text has the parts of a line in their order; `…` stands for anything. */
const holds = (text: string, expected: string): boolean => {
  const lines = text.split("\n");
  const parts = expected.split("…").map((part) => part.trim());
  return lines.some((line) => {
    let at = 0;
    return parts.every((part) => {
      const found = line.indexOf(part, at);
      at = found + part.length;
      return found !== -1;
    });
  });
};

/**
 * Does the blocks of a page as a reader does, from an empty folder with the packed package: `sh` is typed, `sh service=WORD`
 * is left running once it has printed the word, `file=PATH` is written, `text` is what the block before it printed.
 */
export const createPageRunner = ({
  packages,
  replace = {},
  env: more = {},
}: PageRunnerOptions): PageRunner => {
  const home = mkdtempSync(path.join(tmpdir(), "cryptlet-page-"));
  const folder = path.join(home, "reader");
  const prepared = path.join(home, "prepared");
  const bin = path.join(home, "bin");
  for (const name of [folder, prepared, bin]) mkdirSync(name);
  installPacked(prepared, packages);
  // As npm does it for every command that it links.
  chmodSync(packOnce().cli, 0o755);
  linkCommands(prepared, packages);
  writeFileSync(path.join(bin, "npm"), npmOf(prepared));
  chmodSync(path.join(bin, "npm"), 0o755);
  let env: NodeJS.ProcessEnv = {
    PATH: [bin, path.dirname(process.execPath), process.env["PATH"]].join(":"),
    HOME: home,
    NO_COLOR: "1",
    ...more,
  };
  const services: ChildProcess[] = [];
  let all = "";
  let last = "";
  let cwd = folder;

  const here = (text: string): string =>
    Object.entries(replace).reduce((told, [from, to]) => told.replaceAll(from, to), text);

  const type = (block: PageBlock, text: string): void => {
    // Folder and variables stay as they are from one block to the next, as in a terminal.
    const place = path.join(home, "cwd");
    const keep = `pwd > ${JSON.stringify(place)}; env -0 > ${JSON.stringify(`${place}.env`)}`;
    const script = `set -a\ntrap '${keep}' EXIT\n${text}`;
    const { status, stdout, stderr } = spawnSync(
      "bash",
      ["--norc", "-euo", "pipefail", "-c", script],
      {
        cwd,
        env,
        stdio: ["ignore", "pipe", "pipe"],
        encoding: "utf8",
        timeout: LIMIT_MS,
      },
    );
    last = stdout;
    all += stdout + stderr;
    if (status !== 0)
      throw new Error(`line ${block.line} ended with ${status}:\n${text}\n${stdout}\n${stderr}`);
    cwd = readFileSync(place, "utf8").trim();
    env = readVariables(readFileSync(`${place}.env`, "utf8"));
  };

  const startService = async (block: PageBlock, text: string, word: string): Promise<void> => {
    const child = spawn("bash", ["--norc", "-euo", "pipefail", "-c", text], {
      cwd,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, so that what bash started ends with it.
      detached: true,
    });
    services.push(child);
    let said = "";
    await new Promise<void>((resolve, reject) => {
      const hear = (data: Buffer): void => {
        said += data.toString();
        all += data.toString();
        last = said;
        if (said.includes(word)) resolve();
      };
      child.stdout.on("data", hear);
      child.stderr.on("data", hear);
      child.once("close", () => reject(new Error(`line ${block.line} ended:\n${said}`)));
    });
  };

  const run = async (block: PageBlock): Promise<void> => {
    const text = here(block.text);
    const file = block.marks.get("file");
    const service = block.marks.get("service");
    if (file !== undefined) {
      const target = path.join(folder, file);
      mkdirSync(path.dirname(target), { recursive: true });
      writeFileSync(target, text);
    } else if (service !== undefined) await startService(block, text, service);
    else if (block.language === "sh") type(block, text);
    else if (block.language === "text")
      for (const line of text.split("\n").filter((one) => one.trim() !== ""))
        if (!holds(last, line))
          throw new Error(`line ${block.line}: not printed: ${line}\nbut:\n${last}`);
  };

  return {
    folder,
    printed: () => all,
    run,
    runPage: async (file) => {
      for (const block of readPageBlocks(file)) await run(block);
    },
    close: async () => {
      for (const child of services.toReversed()) {
        if (child.exitCode !== null || child.signalCode !== null || !child.pid) continue;
        const closed = once(child, "close");
        process.kill(-child.pid, "SIGTERM");
        await closed;
      }
      rmSync(home, { recursive: true, force: true });
    },
  };
};
