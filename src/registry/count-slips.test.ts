import fc from "fast-check";
import { expect, it } from "vitest";
import { countSlips } from "./count-slips.ts";

const word = fc.string({ minLength: 2, maxLength: 12, unit: fc.constantFrom("a", "b", "c", "d") });

it("counts two neighbours in the wrong order as one slip", () => {
  fc.assert(
    fc.property(word, fc.nat(), (text, seed) => {
      const at = seed % (text.length - 1);
      const swapped = text.slice(0, at) + text[at + 1] + text[at] + text.slice(at + 2);
      expect(countSlips(text, swapped)).toBe(swapped === text ? 0 : 1);
    }),
  );
});

it.each([
  ["gold", "gold", 0],
  ["gold", "golds", 1],
  ["gold", "gald", 1],
  ["gold", "logd", 2],
  ["", "ab", 2],
])("counts from %s to %s", (a, b, slips) => {
  expect(countSlips(a, b)).toBe(slips);
  expect(countSlips(b, a)).toBe(slips);
});
