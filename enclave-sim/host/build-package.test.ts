import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createRunId } from "../../src/core/ids.ts";
import { startEnclave, trigger } from "../../test/support/guest-fixture.ts";
import { buildPackage, writePackage } from "./build-package.ts";
import { readPackage } from "./read-package.ts";

const manifest = {
  id: "probe",
  version: "1.0.0",
  description: "A Cryptlet for tests",
  feeds: [
    { id: "price", kind: "decimal", description: "A", minSources: 1, decimals: 2, unit: "USD" },
  ],
};
const MAIN = `
import manifest from "../cryptlet.json" with { type: "json" };
import { price } from "./price.ts";
export const cryptlet = {
  manifest,
  feeds: { price: { parameters: (parameters: unknown) => parameters } },
  run: ({ trigger }: { trigger: { at: number } }) => ({
    feed: "price",
    value: { kind: "decimal", text: price, decimals: 2, unit: "USD" },
    observedAt: trigger.at,
    market: { status: "unknown", session: null, nextOpen: null },
    sources: [],
    aggregation: { method: "median", minSources: 1, used: 1, spread: "0" },
  }),
};`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "package-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A Cryptlet's folder below `folder`. */
const author = async (name: string, main = MAIN): Promise<string> => {
  const directory = path.join(folder, name);
  await mkdir(path.join(directory, "src"), { recursive: true });
  await writeFile(path.join(directory, "cryptlet.json"), JSON.stringify(manifest));
  await writeFile(path.join(directory, "src/main.ts"), main);
  await writeFile(path.join(directory, "src/price.ts"), 'export const price: string = "7.25";');
  return directory;
};
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("utf8");

test("the same sources give the same bytes in every folder, without a word about the folder", async () => {
  const built = await buildPackage(await author("one"));
  const again = await buildPackage(await author("deeper/down/another"));
  expect(textOf(again.bundle)).toBe(textOf(built.bundle));
  expect(built.bundle.length).toBeGreaterThan(100);
  for (const bytes of [built.bundle, built.sourceMap ?? new Uint8Array()])
    expect(textOf(bytes)).not.toContain(folder);
  expect(textOf(built.bundle)).not.toContain("sourceMappingURL");
});

test("a tsconfig beside the sources changes nothing", async () => {
  const built = await buildPackage(await author("plain"));
  const directory = await author("configured");
  await writeFile(
    path.join(directory, "tsconfig.json"),
    '{"compilerOptions":{"target":"es5","jsx":"react"}}',
  );
  expect(textOf((await buildPackage(directory)).bundle)).toBe(textOf(built.bundle));
});

test("line ends of another system change nothing, neither in the code nor in manifest or map", async () => {
  const built = await buildPackage(await author("unix"));
  const directory = await author("windows");
  for (const name of ["cryptlet.json", "src/main.ts", "src/price.ts"]) {
    const file = path.join(directory, name);
    const text = await readFile(file, "utf8");
    await writeFile(
      file,
      text.replaceAll(/\n|(?<=[{,])(?=")/g, (end) => (end === "" ? "" : "\r\n")),
    );
  }
  const again = await buildPackage(directory);
  expect(textOf(again.bundle)).toBe(textOf(built.bundle));
  expect(textOf(again.manifestBytes)).toBe(textOf(built.manifestBytes));
  expect(again.sourceMap).toEqual(built.sourceMap);
});

test("map and sizes name modules alike wherever the folder lies", async () => {
  const built = await buildPackage(await author("one"));
  const again = await buildPackage(await author("deeper/down/another"));
  expect(again.sourceMap).toEqual(built.sourceMap);
  expect(again.modules).toEqual(built.modules);
  const names = built.modules?.map(({ name }) => name) ?? [];
  expect(names).toContain("src/main.ts");
  expect(names.filter((name) => /\.\.|^\//.test(name))).toEqual([]);
  expect(names).toContain("cryptlet-fabric/sdk/serve.ts");
});

test("what is written is what is read, and it runs", async () => {
  const built = await buildPackage(await author("source"));
  const target = path.join(folder, "dist");
  await writePackage(built, target);
  const read = await readPackage(target);
  expect(textOf(read.bundle)).toBe(textOf(built.bundle));
  expect(textOf(read.manifestBytes)).toBe(
    await readFile(path.join(target, "cryptlet.json"), "utf8"),
  );
  const fixture = await startEnclave();
  const probe = await fixture.load(read, { feeds: [] });
  await expect(probe.run(trigger(), { runId: createRunId() })).resolves.toMatchObject({
    observation: { value: { text: "7.25" } },
  });
  await fixture.stop();
});

test.each([
  ["syntax", "export const cryptlet = ;"],
  ["a missing export", "export const other = 1;"],
  ["a package that is not there", 'import "left-pad-of-nobody"; export const cryptlet = 1;'],
])("%s is a coded fault that names the place", async (_name, main) => {
  const directory = await author("wrong", main);
  await expect(buildPackage(directory)).rejects.toMatchObject({
    code: "PACKAGE_BUILD_FAILED",
    arguments: { faults: expect.stringMatching(/main\.ts|entry\.js/) as string },
  });
});

test("a folder without a manifest, or with a wrong one, does not build", async () => {
  await expect(buildPackage(folder)).rejects.toMatchObject({ code: "PACKAGE_UNREADABLE" });
  const directory = await author("wrong");
  await writeFile(path.join(directory, "cryptlet.json"), "{}");
  await expect(buildPackage(directory)).rejects.toMatchObject({ code: "PACKAGE_INVALID" });
});
