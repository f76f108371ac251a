import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

import { commands } from "../../src/cli/commands.ts";
import { formatRootHelp } from "../../src/cli/help.ts";
import { CLI, runCliProcess, startCli } from "../support/cli-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const STATIC_IMPORT = /^(?:import|export)\s(?:[^"';]*\sfrom\s)?"([^"]+)";/gm;
const parse = (text: string): unknown => JSON.parse(text);

describe("the built command line", () => {
  it("lists its commands", async () => {
    const run = await runCliProcess(["--help"]);
    expect(run.code).toBe(0);
    const listed = commands.map(({ name, summary }) => ({ name, summary }));
    for (const { name, summary } of listed) {
      expect(run.stdout).toContain(name);
      expect(run.stdout).toContain(summary);
    }
    expect(listed.map(({ name }) => name)).toMatchInlineSnapshot(`
      [
        "init",
        "demo",
        "dev",
        "dev providers",
        "test",
        "build",
        "run",
        "enclave sign",
        "publish",
        "search",
        "show",
        "revoke",
        "registry sync",
        "publisher rotate",
        "feed list",
        "feed get",
        "feed watch",
        "feed request",
        "subscription list",
        "subscription seek",
        "subscription remove",
        "webhook add",
        "webhook list",
        "webhook calls",
        "webhook replay",
        "webhook rotate",
        "webhook resume",
        "webhook remove",
        "delivery list",
        "delivery show",
        "delivery receipt",
        "delivery retry",
        "contract deploy",
        "contract facade",
        "envelope show",
        "envelope verify",
        "replay",
        "enclave measure",
        "enclave evidence",
        "enclave appraise",
        "enclave connect",
        "host start",
        "host status",
        "member show",
        "dead-letter list",
        "dead-letter replay",
        "adapter list",
        "adapter check",
        "key create",
        "key import",
        "key address",
        "broker start",
        "broker secret put",
        "broker secret list",
        "broker secret revoke",
        "broker audit",
        "doctor",
        "completion",
      ]
    `);
  });

  it("prints its version", async () => {
    const run = await runCliProcess(["--version"]);
    expect(run.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it("ends with 2 for an unknown flag and suggests the right one, in JSON too", async () => {
    const text = await runCliProcess(["feed", "get", "xau-usd", "--rond", "1"]);
    expect(text).toMatchObject({ code: 2, stdout: "" });
    expect(text.stderr).toContain("--round");
    const json = await runCliProcess(["feed", "get", "xau-usd", "--rond", "1", "--json"]);
    expect(json).toMatchObject({ code: 2, stderr: "" });
    expect(parse(json.stdout)).toMatchObject({ ok: false, error: { code: "USAGE_INVALID" } });
  });

  /** Files and packages that are evaluated at once when a file is; `await import()` is what keeps the rest away. */
  const followImports = (entry: string) => {
    const packages = new Set<string>();
    const files = new Set<string>();
    const follow = (file: string): void => {
      if (files.has(file)) return;
      files.add(file);
      for (const [, name = ""] of readFileSync(file, "utf8").matchAll(STATIC_IMPORT))
        if (name.startsWith(".")) follow(path.resolve(path.dirname(file), name));
        else if (!name.startsWith("node:")) packages.add(name);
    };
    follow(entry);
    return { files: files.size, packages: [...packages] };
  };

  it("lists its commands without a library and without a command: help is quick", () => {
    const { files, packages } = followImports(CLI);
    expect(packages).toEqual([]);
    expect(files).toBeLessThan(8);
  });

  it("loads commander alone before a command runs", () => {
    expect(followImports(path.resolve(path.dirname(CLI), "run-cli.js")).packages).toEqual([
      "commander",
    ]);
    const { files, packages } = followImports(path.resolve(path.dirname(CLI), "commands.js"));
    expect(files).toBeGreaterThan(commands.length);
    expect(packages).toEqual([]);
  });

  it.each([[], ["--help"], ["-h"], ["--no-color", "--help"]])(
    "prints the same help by the quick way and the long one: %j",
    async (...argv) => {
      const run = await runCliProcess(argv);
      expect(run).toEqual({ code: 0, stderr: "", stdout: `${formatRootHelp(commands)}\n` });
    },
  );

  it("says what was meant: a command, a verb, a flag", async () => {
    for (const [argv, meant] of [
      [["buld"], "build"],
      [["feed", "lst"], "list"],
      [["feeds", "list"], "feed"],
      [["build", "x", "--ot", "y"], "--out"],
    ] as const) {
      const run = await runCliProcess(argv);
      expect(run).toMatchObject({ code: 2, stdout: "" });
      expect(run.stderr).toContain(`Did you mean ${meant}?`);
    }
  });

  it("lists every fault of a bad configuration and ends with 2", async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, "fabric.json");
    writeFileSync(
      file,
      JSON.stringify({
        fabric: "Not A Slug",
        api: { port: 99_999 },
        feeds: [{ id: "x" }],
        extra: 1,
      }),
    );
    const run = await runCliProcess(["host", "start", "--config", file, "--json"]);
    expect(run.code).toBe(2);
    const { error } = parse(run.stdout) as { error: { code: string; message: string } };
    expect(error.code).toBe("CONFIG_INVALID");
    for (const where of ["fabric", "api.port", "feeds[0].cryptlet", "extra"])
      expect(error.message).toContain(where);
  });

  it("is quiet when nobody reads its output any more", async () => {
    const run = startCli(["--help"]);
    run.child.stdout?.destroy();
    expect(await run.exit).toBe(0);
    expect(run.stderr()).toBe("");
  });
});
