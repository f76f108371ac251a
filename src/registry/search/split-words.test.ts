import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitWords } from "./split-words.ts";

describe("words", () => {
  it.each([
    ["Préis of Gold (XAU/USD)", ["preis", "of", "gold", "xau", "usd"]],
    ["gold-price_v2", ["gold", "price", "v2"]],
    ["ＧＯＬＤ １２", ["gold", "12"]],
    ["İstanbul ﬁrst", ["istanbul", "first"]],
    ["黄金price价格", ["黄", "金", "price", "价", "格"]],
    ["a\u0000b \"c\" 'd' (e) -f *g", ["a", "b", "c", "d", "e", "f", "g"]],
    ["", []],
    ["\u200b\u202e —", []],
  ])("of %j", (text, words) => {
    expect(splitWords(text)).toEqual(words);
  });

  it("are bounded, and hold nothing that FTS5 reads as a mark", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 3_000 }), (text) => {
        const words = splitWords(text);
        expect(words.length).toBeLessThanOrEqual(1_000);
        for (const word of words) {
          expect(word).toMatch(/^[\p{L}\p{N}]+$/u);
          expect(Array.from(word).length).toBeLessThanOrEqual(48);
          expect(splitWords(word).join("")).toBe(word);
        }
      }),
    );
    expect(splitWords("x".repeat(1_000_000))).toEqual(["x".repeat(48)]);
    expect(splitWords("x ".repeat(100_000))).toHaveLength(1_000);
  });
});
