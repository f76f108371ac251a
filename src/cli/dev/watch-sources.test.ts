import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";

import { temporaryFolder } from "../../../test/support/temporary-folder.ts";
import { changedFiles, readSourceTree } from "./source-tree.ts";
import { watchSources } from "./watch-sources.ts";

const project = () => {
  const folder = temporaryFolder();
  const at = (...names: string[]) => path.join(folder, ...names);
  for (const name of ["src/sources", "node_modules/x", "dist", ".git"])
    mkdirSync(at(name), { recursive: true });
  writeFileSync(at("cryptlet.json"), "{}");
  writeFileSync(at("src", "main.ts"), "1");
  writeFileSync(at("src", "sources", "one.ts"), "1");
  return { folder, at };
};

describe("readSourceTree", () => {
  it("sees what an author writes, and nothing else", async () => {
    const { folder, at } = project();
    for (const name of ["node_modules/x/index.js", "dist/bundle.js", ".git/HEAD", ".env"])
      writeFileSync(at(name), "x");
    writeFileSync(at(".dev.vars"), "A=1");
    symlinkSync(at("src"), at("src", "sources", "around"));
    const { files, complete } = await readSourceTree(folder);
    expect([...files.keys()]).toEqual([
      ".dev.vars",
      "cryptlet.json",
      "src/main.ts",
      "src/sources/one.ts",
    ]);
    expect(complete).toBe(true);
  });

  it("tells what was added, changed and removed", async () => {
    const { folder, at } = project();
    const before = await readSourceTree(folder);
    writeFileSync(at("src", "new.ts"), "1");
    writeFileSync(at("src", "main.ts"), "22");
    rmSync(at("src", "sources", "one.ts"));
    expect(changedFiles(before, await readSourceTree(folder))).toEqual([
      "src/main.ts",
      "src/new.ts",
      "src/sources/one.ts",
    ]);
  });

  it("is empty where nothing may be read", async () => {
    expect((await readSourceTree("/nonexistent/folder")).files.size).toBe(0);
  });
});

describe("watchSources", () => {
  const open = async (folder: string) => {
    const sources = await watchSources(folder);
    const stop = new AbortController();
    onTestFinished(() => {
      stop.abort();
      sources.close();
    });
    return { sources, stop };
  };

  it("tells of a file that is written, moved over another, or in a folder that is new", async () => {
    const { folder, at } = project();
    const { sources, stop } = await open(folder);
    writeFileSync(at("src", "main.ts"), "2");
    expect(await sources.next(stop.signal)).toEqual(["src/main.ts"]);
    // As most editors save.
    writeFileSync(at("src", "main.ts~"), "3");
    renameSync(at("src", "main.ts~"), at("src", "main.ts"));
    expect(await sources.next(stop.signal)).toContain("src/main.ts");
    mkdirSync(at("src", "deep"));
    writeFileSync(at("src", "deep", "two.ts"), "1");
    expect(await sources.next(stop.signal)).toEqual(["src/deep/two.ts"]);
    writeFileSync(at("src", "deep", "two.ts"), "22");
    expect(await sources.next(stop.signal)).toEqual(["src/deep/two.ts"]);
  });

  it("keeps what changed before anybody asked", async () => {
    const { folder, at } = project();
    const { sources, stop } = await open(folder);
    writeFileSync(at("cryptlet.json"), "{ }");
    writeFileSync(at("src", "main.ts"), "2");
    utimesSync(at("src", "main.ts"), 1, 1);
    expect(await sources.next(stop.signal)).toEqual(["cryptlet.json", "src/main.ts"]);
  });

  it("ends with its signal", async () => {
    const { folder } = project();
    const { sources, stop } = await open(folder);
    const waiting = sources.next(stop.signal);
    stop.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
  });
});
