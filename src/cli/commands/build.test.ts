import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
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

  it("tells digest, measurement, sizes, what it may touch and its limits, the same with --check", async () => {
    const out = path.join(temporaryFolder(), "gold-price");
    const written = JSON.parse((await build(SOURCE, "--out", out)).stdout) as { data: object };
    expect(written.data).toMatchObject({
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
      measurement: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
      maxBundleBytes: 4_194_304,
      feeds: ["xau-usd"],
      limits: { timeoutMs: 10_000, maxHostCalls: 256 },
      capabilities: expect.arrayContaining([
        {
          grant: "http api.gold-api.com:443/price/XAU",
          says: "asks https://api.gold-api.com/price/XAU",
        },
      ]) as object[],
      modules: expect.arrayContaining([
        expect.objectContaining({ name: "src/main.ts" }),
      ]) as object[],
    });
    const measured = await runForTest(["enclave", "measure", out, "--json"], commands);
    const { data } = JSON.parse(measured.stdout) as { data: { measurement: string } };
    expect(written.data).toMatchObject({ measurement: data.measurement });
    const before = readdirSync(".").toSorted();
    const checked = JSON.parse((await build(SOURCE, "--check")).stdout) as { data: object };
    expect(checked.data).toEqual({ ...written.data, package: null });
    expect(readdirSync(".").toSorted()).toEqual(before);
    const people = await runForTest(["build", SOURCE, "--check"], commands);
    expect(people.stdout).toContain("nothing else");
    expect((await build(SOURCE, "--check", "--out", out)).code).toBe(2);
  });

  it("lists every place of a forbidden use for machines, names them for people, and writes nothing", async () => {
    const folder = temporaryFolder();
    cpSync(SOURCE, folder, { recursive: true });
    writeFileSync(
      path.join(folder, "src/main.ts"),
      "export const cryptlet = {\n  at: Date.now(),\n  id: Math.random(),\n};\n",
    );
    const out = path.join(temporaryFolder(), "out");
    const run = await build(folder, "--out", out);
    expect(run.code).toBe(2);
    expect(JSON.parse(run.stdout)).toMatchObject({
      error: { code: "SOURCE_FORBIDDEN" },
      data: {
        faults: [
          { file: "src/main.ts", line: 2, column: 7, api: "Date.now" },
          { file: "src/main.ts", line: 3, column: 7, api: "Math.random" },
        ],
      },
    });
    expect(existsSync(out)).toBe(false);
    const people = await runForTest(["build", folder, "--out", out], commands);
    expect(people.stderr).toMatch(/src\/main\.ts:2:7: Date\.now .*ctx\.now\(\)/);
  });

  it("keeps a publisher's signature over the same code, and drops one over other code", async () => {
    const folder = temporaryFolder();
    cpSync(SOURCE, folder, { recursive: true });
    const main = path.join(folder, "src/main.ts");
    writeFileSync(
      main,
      readFileSync(main, "utf8").replaceAll(
        /"(?:\.\.\/)+src\/sdk\/index\.ts"/g,
        '"cryptlet-fabric/sdk"',
      ),
    );
    for (const name of readdirSync(path.join(folder, "src/sources"))) {
      const file = path.join(folder, "src/sources", name);
      writeFileSync(
        file,
        readFileSync(file, "utf8").replaceAll(
          /"(?:\.\.\/)+src\/sdk\/index\.ts"/g,
          '"cryptlet-fabric/sdk"',
        ),
      );
    }
    const spot = path.join(folder, "src/spot-market.ts");
    writeFileSync(
      spot,
      readFileSync(spot, "utf8").replaceAll(
        /"(?:\.\.\/)+src\/sdk\/index\.ts"/g,
        '"cryptlet-fabric/sdk"',
      ),
    );
    const out = path.join(temporaryFolder(), "out");
    await build(folder, "--out", out);
    const signature = path.join(out, "sigstruct.bin");
    writeFileSync(signature, "signed");
    await build(folder, "--out", out);
    expect(existsSync(signature)).toBe(true);
    const manifest = path.join(folder, "cryptlet.json");
    writeFileSync(manifest, readFileSync(manifest, "utf8").replace('"1.0.0"', '"1.0.1"'));
    await build(folder, "--out", out);
    expect(existsSync(signature)).toBe(false);
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
