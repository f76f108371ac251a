import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readOrCreate } from "./create-once.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "once-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test("whoever comes first writes, everybody reads the same, nothing is left over", async () => {
  const file = path.join(directory, "secret");
  const read = await Promise.all(
    Array.from({ length: 8 }, async (_, index) =>
      readOrCreate(file, () => `written by ${index}`).then(String),
    ),
  );
  expect(new Set(read).size).toBe(1);
  expect(await readdir(directory)).toEqual(["secret"]);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  await expect(readOrCreate(file, () => "later").then(String)).resolves.toBe(read[0]);
});

test("a failure to make the content leaves nothing behind that could be read", async () => {
  const file = path.join(directory, "secret");
  const failing = readOrCreate(file, () => {
    throw new Error("no entropy");
  });
  await expect(failing).rejects.toThrow("no entropy");
  expect((await readdir(directory)).includes("secret")).toBe(false);
  await expect(readOrCreate(path.join(directory, "no", "folder"), () => "x")).rejects.toThrow(
    /ENOENT/,
  );
});
