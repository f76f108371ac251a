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

describe("prices that pass through zero", () => {
  const signed = fc.array(fc.bigInt({ min: -(10n ** 22n), max: 10n ** 22n }), {
    minLength: 1,
    maxLength: 9,
  });
  const near = { ...rule, absoluteFloor: "0.50" };

  it("are medians and outliers as their mirror images are", () => {
    fc.assert(
      fc.property(signed, (units) => {
        const values = units.map((unit) => new Fixed(unit));
        const mirrored = units.map((unit) => new Fixed(-unit));
        expect(median(mirrored).units).toBe(-median(values).units);
        expect(spreadOf(mirrored).units).toBe(spreadOf(values).units);
        expect(findOutliers(mirrored, near)).toEqual(findOutliers(values, near));
      }),
    );
  });

  it("need an absolute floor: a cent on both sides of zero is no outlier then", () => {
    const cents = of("-0.01", "0.00", "0.01");
    expect(findOutliers(cents, rule)).toEqual([true, false, true]);
    expect(findOutliers(cents, near)).toEqual([false, false, false]);
    expect(findOutliers(of("-0.01", "0.00", "0.01", "30"), near)).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });

  it("are held together by the floor exactly to its edge, however small they are", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 16n), max: 10n ** 16n }), (middle) => {
        const half = Fixed.parse("0.50").units;
        const at = (distance: bigint) => new Fixed(middle + distance);
        const inside = [at(-half), at(0n), at(half)];
        expect(findOutliers(inside, { ...near, mads: 0 })).toEqual([false, false, false]);
        const outside = [at(-half - 1n), at(0n), at(half + 1n)];
        expect(findOutliers(outside, { ...near, mads: 0 })).toEqual([true, false, true]);
      }),
    );
  });

  it("widen nothing where the relative bounds are wider, and less than none is no floor", () => {
    const far = of("4000", "4000", "4000", "4021");
    expect(findOutliers(far, near)).toEqual(findOutliers(far, rule));
    expect(findOutliers(far, { ...rule, absoluteFloor: "-5" })).toEqual(findOutliers(far, rule));
    expect(() => findOutliers(far, { ...rule, absoluteFloor: "wide" })).toThrow("DECIMAL_INVALID");
  });
});
