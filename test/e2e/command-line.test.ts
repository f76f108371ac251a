import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

import { commands } from "../../src/cli/commands.ts";
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
        "demo",
        "dev",
        "dev providers",
        "build",
        "enclave sign",
        "feed list",
        "feed get",
        "feed watch",
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

  it("loads commander alone before a command runs: help is quick", () => {
    const packages = new Set<string>();
    const seen = new Set<string>();
    const follow = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      // Only imports that are evaluated at once; `await import()` is what keeps the rest away.
      for (const [, name = ""] of readFileSync(file, "utf8").matchAll(STATIC_IMPORT))
        if (name.startsWith(".")) follow(path.resolve(path.dirname(file), name));
        else if (!name.startsWith("node:")) packages.add(name);
    };
    follow(CLI);
    expect(seen.size).toBeGreaterThan(20);
    expect([...packages]).toEqual(["commander"]);
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
