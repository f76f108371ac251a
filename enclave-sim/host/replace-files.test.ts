import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { replaceFiles } from "./replace-files.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);
const read = (folder: string) =>
  Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name), "utf8")]),
  );

test("puts files in place, makes the folder, and leaves others alone", async () => {
  const folder = path.join(temporaryFolder(), "deeper/down");
  await replaceFiles(folder, [
    { name: "a", bytes: bytes("1") },
    { name: "b", bytes: bytes("2") },
  ]);
  writeFileSync(path.join(folder, "mine"), "kept");
  await replaceFiles(folder, [{ name: "a", bytes: bytes("3") }]);
  expect(read(folder)).toEqual({ a: "3", b: "2", mine: "kept" });
});

test("what is equal is not touched", async () => {
  const folder = temporaryFolder();
  await replaceFiles(folder, [{ name: "a", bytes: bytes("1") }]);
  const before = statSync(path.join(folder, "a"), { bigint: true });
  await replaceFiles(folder, [{ name: "a", bytes: bytes("1") }]);
  const after = statSync(path.join(folder, "a"), { bigint: true });
  expect([after.ino, after.mtimeNs]).toEqual([before.ino, before.mtimeNs]);
});

test("a file goes with what it belongs to, and not with the rest", async () => {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, "signature"), "s");
  const write = (code: string, map: string) =>
    replaceFiles(folder, [
      { name: "signature", bytes: null, when: ["code"] },
      { name: "code", bytes: bytes(code) },
      { name: "map", bytes: bytes(map) },
    ]);
  writeFileSync(path.join(folder, "code"), "1");
  await write("1", "1");
  expect(read(folder)).toEqual({ signature: "s", code: "1", map: "1" });
  await write("2", "1");
  expect(read(folder)).toEqual({ code: "2", map: "1" });
});

test("what cannot be written whole changes nothing and leaves nothing behind", async () => {
  const folder = temporaryFolder();
  await replaceFiles(folder, [{ name: "a", bytes: bytes("old") }]);
  // The second name needs a folder that is not there.
  await expect(
    replaceFiles(folder, [
      { name: "a", bytes: bytes("new") },
      { name: "missing/b", bytes: bytes("new") },
    ]),
  ).rejects.toMatchObject({ code: "ENOENT" });
  expect(read(folder)).toEqual({ a: "old" });
});

/** A process that may write files of at most 4 KiB, as on a disk that is full. */
const SCRIPT = `
  const { replaceFiles } = await import(process.argv[1]);
  process.on("SIGXFSZ", () => {});
  await replaceFiles(process.argv[2], [
    { name: "a", bytes: Buffer.from("new") },
    { name: "b", bytes: Buffer.alloc(1_000_000, 120) },
  ]).catch((error) => { process.stdout.write(error.code); });
`;

test("a disk that is full leaves the old files whole", async () => {
  const folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
  await replaceFiles(folder, [
    { name: "a", bytes: bytes("old") },
    { name: "b", bytes: bytes("old") },
  ]);
  const file = path.resolve("dist/enclave-sim/host/replace-files.js");
  const run = spawnSync(
    "bash",
    [
      "-c",
      'ulimit -f 4; exec "$0" --input-type=module -e "$1" "$2" "$3"',
      process.execPath,
      SCRIPT,
      file,
      folder,
    ],
    { encoding: "utf8" },
  );
  expect(run.stdout).toBe("EFBIG");
  expect(read(folder)).toEqual({ a: "old", b: "old" });
});

test("a folder of the same name is refused, and nothing is put inside or left beside it", async () => {
  const folder = temporaryFolder();
  mkdirSync(path.join(folder, "b"));
  writeFileSync(path.join(folder, "a"), "old");
  const replaced = replaceFiles(folder, [
    { name: "a", bytes: bytes("new") },
    { name: "b", bytes: bytes("new") },
  ]);
  await expect(replaced).rejects.toMatchObject({ code: "EISDIR" });
  expect(readdirSync(folder).toSorted()).toEqual(["a", "b"]);
  expect(readdirSync(path.join(folder, "b"))).toEqual([]);
  expect(readFileSync(path.join(folder, "a"), "utf8")).toBe("old");
});
