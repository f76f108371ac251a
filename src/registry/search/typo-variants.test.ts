import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { closeness } from "./closeness.ts";
import { mayBeMistyped, searchVariants, typoVariants } from "./typo-variants.ts";

const word = fc.stringMatching(/^[a-z]{4,16}$/);
const letter = fc.stringMatching(/^[a-z]$/);

/** One slip at a place. */
const slips: Readonly<Record<string, (text: string, at: number, letter: string) => string>> = {
  "a letter left out": (text, at) => text.slice(0, at) + text.slice(at + 1),
  "a letter too many": (text, at, more) => text.slice(0, at) + more + text.slice(at),
  "another letter": (text, at, other) => text.slice(0, at) + other + text.slice(at + 1),
  "two in the wrong order": (text, at) =>
    text.slice(0, at) +
    text
      .slice(at, at + 2)
      .split("")
      .toReversed()
      .join("") +
    text.slice(at + 2),
};

describe("a mistyped word", () => {
  it.each(Object.keys(slips))("is found by what it shares with the right one: %s", (kind) => {
    fc.assert(
      fc.property(word, fc.nat(), letter, (right, where, more) => {
        const at = where % (right.length - 1);
        const typed = slips[kind]?.(right, at, more) ?? right;
        fc.pre(typed !== right && mayBeMistyped(typed));
        expect(closeness(typed, right)).toBe(1);
        const shared = new Set(typoVariants(right));
        expect(searchVariants(typed).some((variant) => shared.has(variant))).toBe(true);
      }),
    );
  });

  it("makes few variants", () => {
    fc.assert(
      fc.property(word, (text) => {
        expect(typoVariants(text).length).toBeLessThanOrEqual(9);
        expect(searchVariants(text).length).toBeLessThanOrEqual(64);
      }),
    );
  });

  it.each([
    ["gold", "bolt", null],
    ["gold", "gold", 0],
    ["electricity", "elektrizity", 2],
    ["weather", "feathers", null],
  ])("%s and %s are %s apart", (a, b, expected) => {
    expect(closeness(a, b)).toBe(expected);
  });

  it("is not looked for among numbers, short and foreign words", () => {
    for (const text of ["abc", "1234567", "äpfel", "x".repeat(25), ""])
      expect(mayBeMistyped(text)).toBe(false);
  });
});
