import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { fileFault } from "./file-fault.ts";

const caught = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
};

describe("fileFault", () => {
  it("gives Node's reason and code without the path", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "cryptlet-it's, "));
    try {
      expect(fileFault(caught(() => readFileSync(path.join(folder, "x"))))).toBe(
        "no such file or directory (ENOENT)",
      );
      expect(fileFault(caught(() => readFileSync(folder)))).toBe(
        "illegal operation on a directory (EISDIR)",
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("leaves every other message as it is", () => {
    expect(fileFault(new Error("it changed while it was read"))).toBe(
      "it changed while it was read",
    );
    expect(fileFault("odd")).toBe("odd");
  });
});
