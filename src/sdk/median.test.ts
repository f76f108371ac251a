import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Fixed } from "./fixed.ts";
import { findOutliers, median, spreadOf } from "./median.ts";

const of = (...texts: string[]) => texts.map((text) => Fixed.parse(text));
const rule = { mads: 5, floorPpm: 5_000, ceilingPpm: 20_000 };
const prices = fc.array(fc.bigInt({ min: 1n, max: 10n ** 24n }), { minLength: 1, maxLength: 12 });

describe("median", () => {
  it("is the middle, or the mean of the two middle values", () => {
    expect(median(of("3", "1", "2")).toShortText()).toBe("2");
    expect(median(of("4", "1", "2", "3")).toShortText()).toBe("2.5");
    expect(median([]).units).toBe(0n);
  });

  it("does not depend on the order of the sources", () => {
    fc.assert(
      fc.property(prices, (units) => {
        const values = units.map((unit) => new Fixed(unit));
        expect(median(values.toReversed()).units).toBe(median(values).units);
        expect(spreadOf(values.toReversed()).units).toBe(spreadOf(values).units);
      }),
    );
  });

  it("stays between the lowest and the highest value", () => {
    fc.assert(
      fc.property(prices, (units) => {
        const middle = median(units.map((unit) => new Fixed(unit))).units;
        const ordered = units.toSorted((a, b) => (a < b ? -1 : 1));
        expect(middle >= (ordered[0] ?? 0n) && middle <= (ordered.at(-1) ?? 0n)).toBe(true);
      }),
    );
  });
});

describe("findOutliers", () => {
  it("drops one wild value and keeps the rest", () => {
    expect(findOutliers(of("4165", "4166", "4167", "4164", "8330"), rule)).toEqual([
      false,
      false,
      false,
      false,
      true,
    ]);
  });

  it("keeps values inside the floor although the MAD is zero", () => {
    expect(findOutliers(of("4000", "4000", "4000", "4019"), rule)).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(findOutliers(of("4000", "4000", "4000", "4021"), rule)).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });

  it("drops everyone when two camps are far apart", () => {
    expect(findOutliers(of("100", "100", "200", "200"), rule)).toEqual([true, true, true, true]);
  });

  it("never lets a minority of liars move the result by more than the honest spread", () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: 4_160n, max: 4_170n }), { minLength: 3, maxLength: 3 }),
        fc.array(fc.bigInt({ min: 1n, max: 10n ** 9n }), { minLength: 2, maxLength: 2 }),
        (honest, liars) => {
          const values = [...honest, ...liars].map((whole) => Fixed.ofInteger(whole));
          const flags = findOutliers(values, rule);
          const used = values.filter((_, at) => !flags[at]);
          const result = median(used);
          // A liar inside the band moves the median at most to its edge: 2 % of the honest middle.
          expect(result.compare(Fixed.ofInteger(4_070n)) > 0).toBe(true);
          expect(result.compare(Fixed.ofInteger(4_260n)) < 0).toBe(true);
        },
      ),
    );
  });
});
