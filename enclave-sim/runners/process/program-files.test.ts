import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { createProgramFiles } from "./program-files.ts";

test("equal ids are one file that its owner alone could change, and none is left", () => {
  const files = createProgramFiles();
  const [one, two] = [Uint8Array.of(1), Uint8Array.of(2)];
  const first = files.fileOf("sha256:a", one, "py");
  expect(files.fileOf("sha256:a", one, "py")).toBe(first);
  const second = files.fileOf("sha256:b", two, "jar");
  expect(path.basename(second)).toBe("bundle.jar");
  expect([...readFileSync(first), ...readFileSync(second)]).toEqual([1, 2]);
  expect(statSync(first).mode & 0o777).toBe(0o444);
  expect(statSync(path.dirname(first)).mode & 0o022).toBe(0);
  files.remove();
  expect([existsSync(first), existsSync(second)]).toEqual([false, false]);
  // A house that is used again begins again.
  expect([...readFileSync(files.fileOf("sha256:a", one, "py"))]).toEqual([1]);
  files.remove();
});
