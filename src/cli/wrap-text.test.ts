import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { PICTURE } from "./demo/demo-words.ts";
import { wrapText } from "./wrap-text.ts";

describe("wrapText", () => {
  it("breaks between words and sets in what follows", () => {
    expect(wrapText("  one two three", 10)).toBe("  one two\n      three");
    expect(wrapText("short\n\n  lines", 10)).toBe("short\n\n  lines");
  });

  it("leaves a word whole, also where it is longer than a line", () => {
    expect(wrapText("  digest sha256:abcdefgh end", 10)).toBe(
      "  digest\n      sha256:abcdefgh\n      end",
    );
  });

  it("does not count colours", () => {
    const red = "\u001b[31mone two\u001b[39m";
    expect(wrapText(red, 7)).toBe(red);
  });

  it("keeps every word in its order, and every line that could be within the width", () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(words, fc.nat(6), fc.integer({ min: 24, max: 60 }), (list, indent, columns) => {
        const wrapped = wrapText(" ".repeat(indent) + list.join(" "), columns);
        expect(wrapped.trim().split(/\s+/)).toEqual(list);
        for (const line of wrapped.split("\n")) expect(line.length).toBeLessThanOrEqual(columns);
      }),
    );
  });

  it("has nothing to break in the picture of the demo on a usual terminal", () => {
    for (const line of PICTURE.split("\n"))
      expect(stripVTControlCharacters(line).length).toBeLessThan(80);
  });
});
