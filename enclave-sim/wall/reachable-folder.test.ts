import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { isOpenToOthers, reachableFolder } from "./reachable-folder.ts";

const nested = (mode: number): string => {
  const above = path.join(temporaryFolder(), "above");
  const folder = path.join(above, "code");
  mkdirSync(path.join(folder, "deep"), { recursive: true });
  writeFileSync(path.join(folder, "deep/file.js"), "code", { mode: 0o600 });
  chmodSync(path.dirname(above), 0o755);
  chmodSync(folder, 0o755);
  chmodSync(above, mode);
  return folder;
};

test("a folder is open when others may go the whole way and read it", () => {
  expect(isOpenToOthers(nested(0o755))).toBe(true);
  expect(isOpenToOthers(nested(0o711))).toBe(true);
  expect(isOpenToOthers(nested(0o700))).toBe(false);
  const closed = nested(0o755);
  chmodSync(closed, 0o711);
  expect(isOpenToOthers(closed)).toBe(false);
});

test("what others cannot reach is copied once for root, and used as it is for everybody else", () => {
  const open = nested(0o755);
  expect(reachableFolder(open)).toBe(open);
  const folder = nested(0o700);
  const copy = reachableFolder(folder);
  expect(reachableFolder(folder)).toBe(copy);
  expect(copy === folder).toBe(process.getuid?.() !== 0);
  expect(readFileSync(path.join(copy, "deep/file.js"), "utf8")).toBe("code");
  expect(existsSync(folder)).toBe(true);
  if (copy !== folder) {
    expect(isOpenToOthers(copy)).toBe(true);
    expect(statSync(path.join(copy, "deep/file.js")).mode & 0o777).toBe(0o644);
  }
});
