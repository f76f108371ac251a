import { execFileSync } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { answering, probePackage } from "../../test/support/guest-fixture.ts";
import { readPackage } from "./read-package.ts";

const good = probePackage(answering());
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "package-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const write = async (manifest: Uint8Array | string, bundle: Uint8Array | string = good.bundle) => {
  await writeFile(path.join(folder, "cryptlet.json"), manifest);
  await writeFile(path.join(folder, "bundle.js"), bundle);
};

test("the bytes are the files' and the manifest has its defaults", async () => {
  await write(good.manifestBytes);
  const read = await readPackage(folder);
  expect(Buffer.compare(read.bundle, good.bundle)).toBe(0);
  expect(read.manifest).toEqual(good.manifest);
  // Bytes that are measured lie in memory of their own.
  expect(read.bundle.buffer.byteLength).toBe(read.bundle.length);
});

test("every fault of a manifest is named at once", async () => {
  const input = JSON.parse(Buffer.from(good.manifestBytes).toString("utf8")) as object;
  await write(JSON.stringify({ ...input, version: "one", extra: true }));
  await expect(readPackage(folder)).rejects.toMatchObject({
    code: "PACKAGE_INVALID",
    arguments: {
      faults: expect.stringMatching(/extra[\s\S]*version|version[\s\S]*extra/) as string,
    },
  });
});

test.each([
  ["no JSON", "{"],
  ["no UTF-8", Uint8Array.from([0x22, 0xff, 0x22])],
  ["an empty file", ""],
])("%s is an invalid manifest", async (_name, manifest) => {
  await write(manifest);
  await expect(readPackage(folder)).rejects.toMatchObject({ code: "PACKAGE_INVALID" });
});

test("a missing, too large or unreadable file is named", async () => {
  const unreadable = { code: "PACKAGE_UNREADABLE" };
  await expect(readPackage(folder)).rejects.toMatchObject(unreadable);
  await expect(readPackage(path.join(folder, "nowhere"))).rejects.toMatchObject(unreadable);
  await write(`${" ".repeat(70_000)}{}`);
  await expect(readPackage(folder)).rejects.toMatchObject(unreadable);
  await write(good.manifestBytes, new Uint8Array(4_194_305));
  await expect(readPackage(folder)).rejects.toMatchObject(unreadable);
});

test.skipIf(process.platform === "win32")(
  "what is no file is refused at once: an endless device, a pipe, a folder",
  async () => {
    const bundle = path.join(folder, "bundle.js");
    const refused = async () => {
      await expect(readPackage(folder)).rejects.toMatchObject({
        code: "PACKAGE_UNREADABLE",
        arguments: { path: bundle, reason: "it is not a file" },
      });
      await rm(bundle);
    };
    await writeFile(path.join(folder, "cryptlet.json"), good.manifestBytes);
    await symlink("/dev/zero", bundle);
    await refused();
    execFileSync("mkfifo", [bundle]);
    await refused();
    await symlink(tmpdir(), bundle);
    await refused();
  },
);

test.each([
  ['{\n  "id": "a"\n  "version": "1.0.0"\n}', /^line 3, column 3: /],
  ['{"id":', /^line 1, column 7: /],
  [Uint8Array.of(0x7b, 0xff, 0x7d), /not UTF-8/],
])("a manifest that does not parse is told by its place (%#)", async (manifest, faults) => {
  await write(manifest);
  await expect(readPackage(folder)).rejects.toMatchObject({
    code: "PACKAGE_INVALID",
    arguments: { faults: expect.stringMatching(faults) as unknown },
  });
});
