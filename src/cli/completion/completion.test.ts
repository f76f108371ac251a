import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

import { reportNotRun } from "../../../test/support/not-run.ts";
import { runForTest } from "../../../test/support/run-cli.ts";
import { temporaryFolder } from "../../../test/support/temporary-folder.ts";
import { defineCommand } from "../command.ts";
import { commands } from "../commands.ts";
import { completionTree, quietText } from "./completion-tree.ts";
import { COMPLETION_SHELLS, printCompletion } from "./print-completion.ts";

type Shell = (typeof COMPLETION_SHELLS)[number];

/** Lists with the real shell what it would offer behind words of which the last is half typed. */
const ASK: Readonly<Record<Shell, (script: string, words: readonly string[]) => string>> = {
  bash: (script, words) =>
    `source ${script}; COMP_WORDS=(cryptlet ${words.map((word) => `'${word}'`).join(" ")}); ` +
    `COMP_CWORD=${words.length}; _cryptlet; printf '%s\\n' "\${COMPREPLY[@]}"`,
  // What compinit brings needs a terminal; its three commands are put here, the rest is zsh's own.
  zsh: (script, words) =>
    "compdef() { :; }; _files() { print -l -- *; }; compadd() { shift; print -l -- $@; }; " +
    '_describe() { local entry; for entry in "${(@P)2}"; do print -r -- "${entry%%:*}"; done; }; ' +
    `source ${script}; words=(cryptlet ${words.map((word) => `'${word}'`).join(" ")}); ` +
    `CURRENT=${words.length + 1}; _cryptlet`,
  fish: (script, words) => `source ${script}; complete -C 'cryptlet ${words.join(" ")}'`,
};
const FLAGS: Readonly<Record<Shell, readonly string[]>> = {
  bash: ["--norc", "--noprofile", "-c"],
  zsh: ["-f", "-c"],
  fish: ["--no-config", "-c"],
};

const isInstalled = (shell: string): boolean => spawnSync(shell, ["-c", "exit 0"]).status === 0;

/** What the shell offers, and what it complained of. */
const offered = (shell: Shell, ...words: readonly string[]) => {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, "a-file.json"), "");
  const script = path.join(folder, "script");
  writeFileSync(script, printCompletion(shell, commands));
  const run = spawnSync(shell, [...FLAGS[shell], ASK[shell](script, words)], {
    cwd: folder,
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: folder, TERM: "dumb" },
  });
  expect(run).toMatchObject({ status: 0, stderr: "" });
  const last = words.at(-1) ?? "";
  return run.stdout
    .split("\n")
    .map((line) => line.split("\t")[0] ?? "")
    .filter((word) => word !== "" && word.startsWith(last));
};

const verbsOf = (family: string): readonly string[] =>
  commands
    .map(({ name }) => name)
    .filter((name) => name.startsWith(`${family} `))
    .map((name) => name.slice(family.length + 1).split(" ")[0] ?? "");

for (const shell of COMPLETION_SHELLS) {
  const there = isInstalled(shell);
  if (!there) reportNotRun(`completion in ${shell}`, `${shell} is not installed`);

  describe.skipIf(!there)(`completion in ${shell}`, () => {
    it("offers every first word, and those that begin as what is typed", () => {
      const firsts = [...new Set(commands.map(({ name }) => name.split(" ")[0] ?? ""))];
      expect([...new Set(offered(shell, ""))].toSorted()).toEqual(firsts.toSorted());
      expect(offered(shell, "bu")).toEqual(["build"]);
    });

    it("offers the verbs of a family, also of one inside another", () => {
      expect(offered(shell, "feed", "").toSorted()).toEqual(verbsOf("feed").toSorted());
      expect(offered(shell, "broker", "secret", "").toSorted()).toEqual(
        verbsOf("broker secret").toSorted(),
      );
    });

    it("offers a command's flags and those of every command", () => {
      const flags = offered(shell, "build", "x", "--");
      expect(flags).toEqual(expect.arrayContaining(["--out", "--json", "--config"]));
      expect(flags).not.toContain("--after");
      expect(offered(shell, "feed", "watch", "--af")).toEqual(["--after"]);
    });

    it("offers the choices of a flag, files where a file is wanted, and nothing for a text", () => {
      expect(offered(shell, "init", "x", "--template", "").toSorted()).toEqual([
        "action",
        "contract",
        "feed",
        "record",
      ]);
      expect(offered(shell, "envelope", "verify", "x", "--trust", "a-f")).toEqual(["a-file.json"]);
      expect(offered(shell, "envelope", "verify", "a-f")).toEqual(["a-file.json"]);
      expect(offered(shell, "feed", "list", "--url", "")).toEqual([]);
    });

    it("offers nothing for a word that is none, and runs nothing of it", () => {
      expect(offered(shell, "nothing-like-it", "zz")).toEqual([]);
    });
  });
}

describe("the completion tree", () => {
  it("has a place for every command and everything above it", () => {
    const paths = completionTree(commands).map(({ path: place }) => place);
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths).toEqual(
      expect.arrayContaining(["", "feed", "broker secret", ...commands.map(({ name }) => name)]),
    );
  });

  it("keeps texts for people from ending or steering a script", () => {
    const hostile = defineCommand({
      name: "thing",
      group: "Use",
      summary: 'It\'s `rm -rf /` $(reboot) "quoted" a:b [c]\nnext',
      description: "",
      examples: [],
      run: async () => undefined,
    });
    for (const shell of COMPLETION_SHELLS) {
      const script = printCompletion(shell, [hostile]);
      expect(script).not.toContain('reboot)"');
      expect(script).not.toMatch(/`rm|\$\(reboot/);
    }
    expect(quietText("a'b\"c`d$e:f[g]\nh\\i")).toBe("a b c d e f g h i");
  });

  it("has only words that a shell takes as they are", () => {
    for (const { words, flags } of completionTree(commands)) {
      for (const { word } of words) expect(word).toMatch(/^[a-z0-9-]+$/);
      for (const { word, value } of flags) {
        expect(word).toMatch(/^--[a-z0-9-]+$/);
        if (typeof value === "object")
          for (const choice of value) expect(choice).toMatch(/^[A-Za-z0-9._-]+$/);
      }
    }
  });
});

describe("cryptlet completion", () => {
  it("prints the script, and as a document with --json", async () => {
    const text = await runForTest(["completion", "bash"], commands);
    expect(text).toMatchObject({ code: 0, stderr: "" });
    expect(text.stdout).toBe(printCompletion("bash", commands));
    const json = await runForTest(["completion", "fish", "--json"], commands);
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: true, data: { shell: "fish" } });
  });

  it.each([["tcsh"], ["constructor"]])("refuses %s", async (shell) => {
    const run = await runForTest(["completion", shell], commands);
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr).toContain("bash, zsh, fish");
  });
});
