import { describe, expect, it } from "vitest";

import { formatDuration } from "./duration.ts";
import { createStyle } from "./style.ts";
import { formatTable } from "./table.ts";

describe("formatTable", () => {
  it("aligns columns and leaves no space at the end", () => {
    expect(
      formatTable(
        ["feed", "round"],
        [
          ["xau-usd", "7"],
          ["x", ""],
        ],
      ),
    ).toBe("feed     round\nxau-usd  7\nx");
  });

  it("does not count colours as width", () => {
    const { good } = createStyle(true);
    expect(
      formatTable(
        [],
        [
          [good("ok"), "a"],
          ["FAIL", "b"],
        ],
      ),
    ).toBe(`${good("ok")}    a\nFAIL  b`);
  });
});

describe("formatDuration", () => {
  it.each([
    [850, "850 ms"],
    [12_345, "12.3 s"],
    [240_000, "4 min"],
    [3 * 3_600_000, "3 h"],
    [4 * 86_400_000, "4 d"],
    [-1_500, "-1.5 s"],
  ])("%d ms is %s", (ms, text) => expect(formatDuration(ms)).toBe(text));
});
