import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Fixed, midpoint } from "./fixed.ts";

const units = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n });
const code = (run: () => unknown): string => {
  try {
    run();
    return "none";
  } catch (error) {
    return (error as { code: string }).code;
  }
};

const half = (text: string, decimals: number) => Fixed.parse(text).toText(decimals);

describe("Fixed", () => {
  it("gives back the text of any number of 18 decimals", () => {
    fc.assert(
      fc.property(units, (value) => {
        expect(Fixed.parse(new Fixed(value).toText()).units).toBe(value);
        expect(Fixed.parse(new Fixed(value).toShortText()).units).toBe(value);
      }),
    );
  });

  it("keeps sums exact where floats do not", () => {
    expect(Fixed.parse("0.1").add(Fixed.parse("0.2")).toShortText()).toBe("0.3");
    expect(Fixed.parse("1").subtract(Fixed.parse("0.9")).toShortText()).toBe("0.1");
  });

  it("rounds half to even in every losing step", () => {
    expect([half("0.125", 2), half("0.135", 2), half("-0.125", 2), half("2.5", 0)]).toEqual([
      "0.12",
      "0.14",
      "-0.12",
      "2",
    ]);
    expect(new Fixed(1n).multiply(Fixed.parse("0.5")).units).toBe(0n);
    expect(new Fixed(3n).multiply(Fixed.parse("0.5")).units).toBe(2n);
    expect(Fixed.parse("1").divide(Fixed.parse("3")).toText()).toBe("0.333333333333333333");
    expect(Fixed.parse("-2").divide(Fixed.parse("3")).toText()).toBe("-0.666666666666666667");
    expect(Fixed.parse("2").divide(Fixed.parse("-3")).toText()).toBe("-0.666666666666666667");
  });

  it("multiplies and divides back within one unit", () => {
    const factor = fc.bigInt({ min: 10n ** 18n, max: 10n ** 24n });
    fc.assert(
      fc.property(units, factor, (value, by) => {
        const there = new Fixed(value).multiply(new Fixed(by)).divide(new Fixed(by)).units;
        const away = there > value ? there - value : value - there;
        expect(away <= 1n).toBe(true);
      }),
    );
  });

  it("orders as its integers do", () => {
    fc.assert(
      fc.property(units, units, (a, b) => {
        expect(Math.sign(new Fixed(a).compare(new Fixed(b)))).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
    );
  });

  it("lies between both ends at the midpoint", () => {
    fc.assert(
      fc.property(units, units, (a, b) => {
        const middle = midpoint(new Fixed(a), new Fixed(b)).units;
        expect(middle >= (a < b ? a : b) && middle <= (a < b ? b : a)).toBe(true);
      }),
    );
  });

  it("refuses division by zero and text that is no number", () => {
    expect(code(() => Fixed.parse("1").divide(Fixed.zero))).toBe("FIXED_DIVISION_BY_ZERO");
    for (const text of ["NaN", "Infinity", "", "1,5", "0x1", " 1"])
      expect([text, code(() => Fixed.parse(text))]).toEqual([text, "DECIMAL_INVALID"]);
  });

  it("takes the scientific form that JSON numbers may have", () => {
    expect(Fixed.parse("4.1652e3").toShortText()).toBe("4165.2");
  });

  it("names parts per million, the absolute value and the sign", () => {
    expect(Fixed.ofInteger(4_000n).partsPerMillion(5_000).toShortText()).toBe("20");
    expect(Fixed.ofInteger(-4n).absolute().toShortText()).toBe("4");
    expect(
      [Fixed.ofInteger(1n), Fixed.zero, Fixed.ofInteger(-1n)].map((f) => f.isPositive()),
    ).toEqual([true, false, false]);
  });
});
