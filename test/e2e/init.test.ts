import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  watch,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { TEMPLATE_LANGUAGES, TEMPLATE_NAMES } from "../../src/cli/init/project-choices.ts";
import { startCli } from "../support/cli-process.ts";
import { installPacked, packedProject, packOnce } from "../support/packed-project.ts";
import type { PackedProject } from "../support/packed-project.ts";

// The developer's first minutes, from an installed tarball in an empty folder.

interface Document {
  readonly ok: boolean;
  readonly data: Record<string, unknown>;
  readonly error: { readonly code: string; readonly message: string };
}
const documentOf = (run: { readonly stdout: string; readonly stderr: string }): Document => {
  try {
    return JSON.parse(run.stdout) as Document;
  } catch (error) {
    throw new Error(`${run.stdout}\n${run.stderr}`, { cause: error });
  }
};
const begin = (project: PackedProject, ...words: string[]) => {
  const run = project.run(["init", ...words, "--json"]);
  return { ...documentOf(run), code: run.code };
};
const refusal = (project: PackedProject, ...words: string[]) => {
  const { ok, error, code } = begin(project, ...words);
  return ok ? "none" : `${error.code} ${code}`;
};
const visible = (folder: string) => readdirSync(folder).filter((name) => name !== "node_modules");

describe.each(TEMPLATE_LANGUAGES)("a template in %s", (lang) => {
  it.each(TEMPLATE_NAMES)(
    "%s passes its own tests and types, builds, and runs in the enclave",
    (template) => {
      const project = packedProject();
      const made = begin(project, "my-feed", "--template", template, "--lang", lang);
      expect(made).toMatchObject({ ok: true, data: { template, lang } });
      const folder = path.join(project.folder, "my-feed");
      expect(made.data["folder"]).toBe(folder);
      const files = made.data["files"] as string[];
      expect(files).toEqual(
        expect.arrayContaining([".gitignore", "README.md", "cryptlet.json", "package.json"]),
      );
      for (const file of files)
        expect(readFileSync(path.join(folder, file), "utf8")).not.toMatch(/__[A-Z]+__/);

      installPacked(folder);
      const tested = documentOf(project.run(["test", "--json"], { cwd: folder }));
      expect(tested).toMatchObject({ ok: true, data: { failed: 0, skipped: 0 } });
      expect(tested.data["tests"]).toBeGreaterThan(4);

      if (lang === "ts")
        for (const place of [".", "test"]) {
          const tsc = path.join(folder, "node_modules/.bin/tsc");
          expect(spawnSync(tsc, ["-p", place], { cwd: folder, encoding: "utf8" }).stdout).toBe("");
        }
      const built = documentOf(project.run(["build", ".", "--json"], { cwd: folder }));
      expect(built).toMatchObject({ ok: true, data: { id: "my-feed", version: "0.1.0" } });
    },
  );
});

describe("cryptlet init", () => {
  it.each([
    ["Power", "PROJECT_NAME_INVALID 2"],
    ["../feed", "PROJECT_NAME_INVALID 2"],
    ["a/b", "PROJECT_NAME_INVALID 2"],
    ["-feed", "USAGE_INVALID 2"],
    ["feed-", "PROJECT_NAME_INVALID 2"],
    ["f\u0435ed", "PROJECT_NAME_INVALID 2"],
    ["x".repeat(65), "PROJECT_NAME_INVALID 2"],
    ["http", "PROJECT_NAME_INVALID 2"],
    ["node_modules", "PROJECT_NAME_INVALID 2"],
    ["cryptlet-fabric", "PROJECT_NAME_INVALID 2"],
  ])("refuses the name %s", (name, expected) => {
    const project = packedProject();
    expect(refusal(project, name, "--template", "feed")).toBe(expected);
    expect(visible(project.folder)).toEqual([]);
  });

  it("asks nothing without a terminal, and names what is missing", () => {
    const project = packedProject();
    expect(begin(project).error.message).toMatch(/name/);
    expect(begin(project, "feed").error).toMatchObject({
      code: "FLAG_MISSING",
      message: expect.stringContaining("--template") as string,
    });
    expect(refusal(project, "feed", "--template", "cobol")).toBe("USAGE_INVALID 2");
    expect(refusal(project, "feed", "--template", "feed", "--lang", "go")).toBe("USAGE_INVALID 2");
    expect(visible(project.folder)).toEqual([]);
  });

  it("replaces nothing: no folder, empty or not, no file, no link", () => {
    const project = packedProject();
    const at = (name: string) => path.join(project.folder, name);
    mkdirSync(at("empty"));
    mkdirSync(at("full"));
    writeFileSync(path.join(at("full"), "mine.txt"), "mine");
    writeFileSync(at("file"), "mine");
    symlinkSync("/nowhere", at("link"));
    for (const name of ["empty", "full", "file", "link"])
      expect(refusal(project, name, "--template", "feed")).toBe("PROJECT_EXISTS 2");
    expect(visible(project.folder).toSorted()).toEqual(["empty", "file", "full", "link"]);
    expect(readdirSync(at("empty"))).toEqual([]);
    expect(readFileSync(path.join(at("full"), "mine.txt"), "utf8")).toBe("mine");
  });

  it("leaves nothing behind where it cannot write", () => {
    const project = packedProject();
    const at = (name: string) => path.join(project.folder, name);
    writeFileSync(at("file"), "");
    expect(refusal(project, "feed", "--template", "feed", "--in", at("file"))).toMatch(
      /^(?:FILE_UNWRITABLE|PROJECT_EXISTS) 2$/,
    );
    expect(refusal(project, "feed", "--template", "feed", "--in", at("missing"))).toBe(
      "FILE_UNWRITABLE 2",
    );
    mkdirSync(at("shut"));
    chmodSync(at("shut"), 0o500);
    // Root may write everywhere.
    if (process.getuid?.() !== 0)
      expect(refusal(project, "feed", "--template", "feed", "--in", at("shut"))).toBe(
        "FILE_UNWRITABLE 2",
      );
    expect(visible(project.folder).toSorted()).toEqual(["file", "shut"]);
  });

  it("names the fabric by the folder that it runs from, or the tarball that it was installed from", () => {
    const project = packedProject();
    const { nodeModules, tarball } = packOnce();
    const made = begin(project, "one", "--template", "feed");
    const folder = made.data["folder"] as string;
    const target = (specifier: unknown) =>
      path.resolve(folder, String(specifier).replace(/^file:/, ""));
    expect(target(made.data["fabric"])).toBe(path.join(nodeModules, "cryptlet-fabric"));
    const lock = path.join(nodeModules, ".package-lock.json");
    expect(existsSync(lock)).toBe(false);
    expect(existsSync(tarball)).toBe(true);
    const file = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as {
      devDependencies: Record<string, string>;
    };
    expect(file.devDependencies).toMatchObject({
      "cryptlet-fabric": made.data["fabric"],
      vitest: expect.stringMatching(/^\^\d+\.\d+\.\d+$/) as string,
      typescript: expect.stringMatching(/^\^\d+\.\d+\.\d+$/) as string,
    });
  });

  it("is whole or not there when the process is killed", async () => {
    const project = packedProject();
    const feed = path.join(project.folder, "feed");
    let killed = 0;
    for (let attempt = 0; attempt < 4; attempt += 1) {
      const watcher = watch(project.folder);
      const run = startCli(["init", "feed", "--template", "feed", "--in", project.folder]);
      watcher.on("change", (_event, name) => {
        if (String(name).endsWith(".part")) run.child.kill("SIGKILL");
      });
      if ((await run.exit) === -1) killed += 1;
      watcher.close();
      if (!existsSync(feed)) continue;
      expect(existsSync(path.join(feed, "package.json"))).toBe(true);
      rmSync(feed, { recursive: true });
    }
    expect(killed).toBeGreaterThan(0);
    // What a kill leaves is in nobody's way.
    expect(begin(project, "feed", "--template", "feed").ok).toBe(true);
  });

  it("tells a person what to type next", () => {
    const project = packedProject();
    const run = project.run(["init", "power", "--template", "record", "--lang", "js"]);
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(run.stdout).toContain("cd power\nnpm install\nnpm test");
  });
});
