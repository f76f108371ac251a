import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildPackage } from "../../enclave-sim/host/build-package.ts";
import { canRun, GOLD_MEDIAN, goldMedianLanguages } from "../support/gold-median.ts";
import { runWasm } from "../support/wasm-run.ts";

const WRONG = {
  c: ["src/main.c", "void cryptlet_run( {"],
  rust: ["src/main.rs", "fn run( {"],
  assemblyscript: ["src/main.ts", "export function run(trigger: Nothing): string { return 1 }"],
  go: ["src/main.go", "package main\nfunc main( {"],
  micropython: null,
} as const;
type WasmLanguage = keyof typeof WRONG;
const LANGUAGES = goldMedianLanguages().filter((name): name is WasmLanguage => name in WRONG);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "wasm-builders-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const copyOf = async (language: string, name: string): Promise<string> => {
  const target = path.join(folder, name, language);
  await mkdir(path.dirname(target), { recursive: true });
  await cp(path.join(GOLD_MEDIAN, language), target, { recursive: true });
  return target;
};

describe.each(LANGUAGES)("building %s", (language) => {
  test("gives the same bytes in every folder, without a path of this machine", async () => {
    if (!(await canRun(language, "wasm builders"))) return;
    const first = await buildPackage(path.join(GOLD_MEDIAN, language));
    const second = await buildPackage(await copyOf(language, "else/where"));
    expect(Buffer.compare(first.bundle, second.bundle)).toBe(0);
    const text = Buffer.from(first.bundle).toString("latin1");
    for (const place of [folder, tmpdir(), process.cwd(), "cryptlet-build-"])
      expect(text).not.toContain(place);
  }, 120_000);

  test("says what is wrong with a source, without the folders of this machine", async () => {
    const wrong = WRONG[language];
    if (!wrong || !(await canRun(language, "wasm builders"))) return;
    const broken = await copyOf(language, "broken");
    await writeFile(path.join(broken, wrong[0]), wrong[1]);
    const failure: unknown = await buildPackage(broken).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "PACKAGE_BUILD_FAILED" });
    const { faults } = (failure as { arguments: { faults: string } }).arguments;
    expect(faults).toContain(path.basename(wrong[0]));
    for (const place of [folder, "cryptlet-build-"]) expect(faults).not.toContain(place);
  }, 120_000);

  test("takes no file from outside by a link", async () => {
    if (language === "micropython" || !(await canRun(language, "wasm builders"))) return;
    const linked = await copyOf(language, "linked");
    const main = path.join(linked, WRONG[language][0]);
    await cp(main, path.join(folder, `secret-${language}`));
    await rm(main);
    await symlink(path.join(folder, `secret-${language}`), main);
    await expect(buildPackage(linked)).rejects.toMatchObject({ code: "PACKAGE_BUILD_FAILED" });
  }, 120_000);
});

test("a build ends when it is asked to", async () => {
  if (!(await canRun("assemblyscript", "wasm builders"))) return;
  const controller = new AbortController();
  const source = path.join(GOLD_MEDIAN, "assemblyscript");
  const building = buildPackage(source, { signal: controller.signal });
  controller.abort();
  await expect(building).rejects.toMatchObject({ code: "INTERRUPTED" });
});

describe("Python in MicroPython", () => {
  const python = async (name: string, main: string) => {
    const root = await copyOf("micropython", name);
    await writeFile(path.join(root, "src/main.py"), main);
    return (await buildPackage(root)).bundle;
  };
  const limits = { memoryBytes: 33_554_432, maxFuel: 20_000 };
  const serving = (body: string) =>
    `from cryptlet import serve\nimport cryptlet\ndef run(trigger, host):\n    ${body}\nserve(run)\n`;

  test.each([
    [
      "an exception",
      `raise ValueError("no price")`,
      { code: "GUEST_THREW", reason: "ValueError: no price" },
    ],
    ["recursion", "return run(trigger, host)", { code: "GUEST_THREW" }],
    ["an endless loop", "while True: pass", { code: "RUN_FUEL" }],
    ["all of the heap", "return [bytearray(1 << 20) for _ in range(64)]", { code: "GUEST_THREW" }],
    ["JavaScript's objects", "import js; js.process", { code: "GUEST_THREW" }],
    ["JavaScript's functions", "import js; js.call('{}', '{}')", { code: "GUEST_CRASHED" }],
    ["files", `open("/etc/passwd")`, { code: "GUEST_THREW" }],
    ["a module that is not there", "import socket", { code: "GUEST_THREW" }],
    ["an exit", "import sys; sys.exit(0)", { code: "GUEST_THREW" }],
  ])("%s", async (name, body, end) => {
    const bytes = await python(name, serving(body));
    expect(await runWasm(bytes, { limits })).toMatchObject(end);
  });

  test("modules run once, and every run begins from what they left", async () => {
    const counting = `from cryptlet import serve\nseen = []\ndef run(trigger, host):\n    seen.append(1)\n    return len(seen)\nserve(run)\n`;
    const bytes = await python("counting", counting);
    for (let run = 0; run < 2; run += 1)
      expect(await runWasm(bytes, { limits })).toMatchObject({
        text: '{"ok": {"observation": 1}}',
      });
  });

  test("a module that fails at its start does not load", async () => {
    for (const main of [
      "raise ValueError('x')",
      "def broken(:",
      "from cryptlet import nothing",
      "import js\njs.call('{}')",
    ])
      await expect(runWasm(await python("failing", main), { limits })).rejects.toMatchObject({
        code: "CRYPTLET_INIT_FAILED",
      });
  });

  test("clock and entropy are the run's", async () => {
    const body =
      "import random, time\n    random.seed()\n    return [time.time(), random.getrandbits(30)]";
    const bytes = await python("still", serving(body));
    const once = async (seed: string) => (await runWasm(bytes, { limits, run: { seed } })).text;
    expect(await once("01".repeat(32))).toBe(await once("01".repeat(32)));
    expect(await once("01".repeat(32))).not.toBe(await once("02".repeat(32)));
  });
});
