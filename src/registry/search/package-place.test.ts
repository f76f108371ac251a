import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { placeOf } from "./package-place.ts";

const position = fc.integer({ min: 0, max: 2 ** 44 - 1 });
const dependents = fc.integer({ min: 0, max: 2 ** 31 });

describe("a place", () => {
  it("is a safe integer from 0, and no two positions share one", () => {
    fc.assert(
      fc.property(dependents, dependents, position, position, (a, b, first, second) => {
        const place = placeOf({ dependents: a, position: first });
        expect(Number.isSafeInteger(place)).toBe(true);
        expect(place).toBeGreaterThanOrEqual(0);
        fc.pre(first !== second);
        expect(placeOf({ dependents: b, position: second })).not.toBe(place);
      }),
    );
  });

  it("is lower for what is newer, and for twice as many dependents whatever is newer", () => {
    fc.assert(
      fc.property(dependents, position, position, (count, a, b) => {
        fc.pre(a < b);
        expect(placeOf({ dependents: count, position: b })).toBeLessThan(
          placeOf({ dependents: count, position: a }),
        );
        expect(placeOf({ dependents: 2 * count + 1, position: a })).toBeLessThan(
          placeOf({ dependents: count, position: b }),
        );
      }),
    );
  });
});
