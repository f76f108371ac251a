import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** The build script in a folder without compiler: what it says before its first step is all that it says. */
const startBuild = (folder: string) => {
  cpSync("scripts/build.mjs", path.join(folder, "scripts/build.mjs"));
  return spawnSync(process.execPath, ["scripts/build.mjs"], { cwd: folder, encoding: "utf8" });
};

describe("the build script", () => {
  it("says that the first build takes a while, before it begins and never on standard output", () => {
    const { stdout, stderr } = startBuild(temporaryFolder());
    expect(stdout).toBe("");
    expect(stderr.split("\n")[0]).toMatch(/^building, .* the first time/);
  });

  it("is silent about it when there is something built", () => {
    const folder = temporaryFolder();
    mkdirSync(path.join(folder, "dist/src/cli"), { recursive: true });
    writeFileSync(path.join(folder, "dist/src/cli/main.js"), "");
    expect(startBuild(folder).stderr).not.toContain("first time");
  });
});
