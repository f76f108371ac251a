import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

import { runForTest } from "../../../test/support/run-cli.ts";
import { temporaryFolder } from "../../../test/support/temporary-folder.ts";
import { builtFile } from "../built-file.ts";
import { commands } from "../commands.ts";

const SOURCE = "cryptlets/gold-price";
const build = (...words: string[]) => runForTest(["build", ...words, "--json"], commands);

describe("cryptlet build", () => {
  it("writes the package whose bytes npm run build writes", async () => {
    const out = path.join(temporaryFolder(), "gold-price");
    const run = await build(SOURCE, "--out", out);
    expect(run.code).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({ data: { id: "gold-price", package: out } });
    for (const name of ["cryptlet.json", "bundle.js"]) {
      const expected = readFileSync(builtFile("cryptlets", "gold-price", name));
      expect(readFileSync(path.join(out, name)).equals(expected)).toBe(true);
    }
    expect(existsSync(path.join(out, "bundle.js.map"))).toBe(true);
  });

  it("never writes among the sources", async () => {
    const folder = temporaryFolder();
    cpSync(SOURCE, folder, { recursive: true });
    const run = await build(folder, "--out", folder);
    expect(run.code).toBe(2);
    expect(existsSync(path.join(folder, "bundle.js"))).toBe(false);
  });

  it("names the path as it was typed, once, and says when there is no such folder", async () => {
    const empty = path.relative("", temporaryFolder());
    const text = await runForTest(["build", empty], commands);
    const file = path.join(empty, "cryptlet.json");
    expect(text.stderr.split(file)).toHaveLength(2);
    // Beside what was typed, which may end like it, the absolute path stands nowhere.
    expect(text.stderr.replaceAll(file, "")).not.toContain(path.resolve(file));
    for (const words of [["build"], ["enclave", "measure"]]) {
      const run = await runForTest([...words, "not/there", "--json"], commands);
      expect(run.code).toBe(2);
    }
    const missing = await build("not/there");
    expect(JSON.parse(missing.stdout)).toMatchObject({ error: { code: "SOURCE_FOLDER_MISSING" } });
    const isFile = await build("package.json");
    expect(isFile.stdout).toContain("SOURCE_FOLDER_MISSING");
  });

  it("names the folder of a source that does not build as it was typed", async () => {
    const folder = temporaryFolder();
    cpSync(SOURCE, folder, { recursive: true });
    writeFileSync(path.join(folder, "src/main.ts"), 'import "./nowhere.ts";');
    const typed = path.relative("", folder);
    const run = await build(typed);
    expect(JSON.parse(run.stdout)).toMatchObject({ error: { code: "PACKAGE_BUILD_FAILED" } });
    expect(run.stdout).toContain(`in ${typed} does not build`);
  });

  it("refuses a folder that is no Cryptlet, and an output that cannot be written", async () => {
    const missing = await build(temporaryFolder());
    expect(missing).toMatchObject({ code: 2 });
    expect(missing.stdout).toContain("PACKAGE_UNREADABLE");
    const blocked = await build(SOURCE, "--out", path.resolve("package.json"));
    expect(blocked).toMatchObject({ code: 2 });
    expect(blocked.stdout).toContain("FILE_UNWRITABLE");
  });
});
