import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builderOf } from "../../enclave-sim/builders/package-builders.ts";
import { buildPackage } from "../../enclave-sim/host/build-package.ts";
import { reportNotRun } from "../support/not-run.ts";

const CRYPTLETS = path.resolve(import.meta.dirname, "../../cryptlets/gold-median");
const LANGUAGES = [
  { language: "python", wrong: "def run(:\n", main: "main.py" },
  { language: "java", wrong: "class GoldMedian { int x = ; }\n", main: "GoldMedian.java" },
  { language: "csharp", wrong: "class GoldMedian { int x = ; }\n", main: "GoldMedian.cs" },
  { language: "solidity", wrong: "contract GoldMedian { uint x = ; }\n", main: "GoldMedian.sol" },
] as const;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "builders-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(LANGUAGES)("$language", ({ language, wrong, main }) => {
  const source = path.join(CRYPTLETS, language);
  const signal = new AbortController().signal;
  /** Null, and named as not run, where a tool is missing. */
  const ready = async (): Promise<boolean> => {
    for (const tool of builderOf(language)?.tools ?? [])
      if ((await tool.find({ signal })) === null) {
        reportNotRun(`building ${language}`, `${tool.name} is missing: ${tool.install}`);
        return false;
      }
    return true;
  };

  test("gives the same bytes in every folder and at every time, without a path of this machine", async () => {
    if (!(await ready())) return;
    const elsewhere = path.join(folder, "elsewhere", language);
    await mkdir(path.dirname(elsewhere), { recursive: true });
    await cp(source, elsewhere, { recursive: true });
    const [first, second] = [await buildPackage(source), await buildPackage(elsewhere)];
    expect(Buffer.from(second.bundle).equals(first.bundle)).toBe(true);
    const text = Buffer.from(first.bundle).toString("latin1");
    for (const place of [tmpdir(), CRYPTLETS, process.cwd()]) expect(text).not.toContain(place);
    expect(first.sourceMap).toBeNull();
  });

  test("says what is wrong with a source, without the folders of this machine", async () => {
    if (!(await ready())) return;
    const broken = path.join(folder, "broken", language);
    await mkdir(path.join(broken, "src"), { recursive: true });
    await writeFile(
      path.join(broken, "cryptlet.json"),
      await readFile(path.join(source, "cryptlet.json")),
    );
    await writeFile(path.join(broken, "src", main), wrong);
    const failure: unknown = await buildPackage(broken).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "PACKAGE_BUILD_FAILED" });
    const { faults } = (failure as { arguments: { faults: string } }).arguments;
    expect(faults).toContain(main);
    expect(faults).not.toContain(folder);
  });
});

test("a main file of another language is refused before a tool is started", async () => {
  const builder = builderOf("java");
  const { manifest } = await buildPackage(path.join(CRYPTLETS, "typescript"));
  const signal = new AbortController().signal;
  await expect(builder?.build(CRYPTLETS, manifest, { signal })).rejects.toMatchObject({
    code: "PACKAGE_BUILD_FAILED",
  });
});
