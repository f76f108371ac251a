import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compareDecimals,
  divideHalfEven,
  formatDecimal,
  rescale,
  type Decimal,
} from "./decimal.ts";
import { parseDecimal } from "./parse-decimal.ts";

const decimals = fc.integer({ min: 0, max: 40 });
const decimal: fc.Arbitrary<Decimal> = fc.record({
  value: fc.bigInt({ min: -(10n ** 60n), max: 10n ** 60n }),
  decimals,
});
const absolute = (value: bigint) => (value < 0n ? -value : value);

describe("parseDecimal", () => {
  it.each([
    ["0", 0n, 0],
    ["-0", 0n, 0],
    ["12.50", 1250n, 2],
    ["-12.50", -1250n, 2],
    ["0012.5", 125n, 1],
    ["1.5e3", 1500n, 0],
    ["1.5E+3", 1500n, 0],
    ["15e-3", 15n, 3],
    ["-1.25e-2", -125n, 4],
    ["9007199254740993.1", 90071992547409931n, 1],
  ])("reads %s", (text, value, count) => {
    expect(parseDecimal(text)).toEqual({ value, decimals: count });
  });

  it.each([
    "",
    " 1",
    "1 ",
    "+1",
    ".5",
    "5.",
    "1,5",
    "1_000",
    "0x10",
    "NaN",
    "Infinity",
    "-",
    "1e",
    "1e1000",
    "1.5e3.2",
    "1\n",
    "١",
    "--1",
    "1".repeat(129),
    `0.${"1".repeat(78)}`,
    "1e-78",
  ])("refuses %j", (text) => {
    expect(() => parseDecimal(text)).toThrow(expect.objectContaining({ code: "DECIMAL_INVALID" }));
  });

  it("bounds the size of what a short text can become", () => {
    expect(formatDecimal(parseDecimal("9e999")).length).toBeLessThanOrEqual(1_001);
  });

  it("is the inverse of formatDecimal", () => {
    fc.assert(
      fc.property(decimal, (given) => {
        expect(parseDecimal(formatDecimal(given))).toEqual(given);
      }),
    );
  });

  it("throws DECIMAL_INVALID or gives what formats back to the same number", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^-?\d{0,5}\.?\d{0,5}(e-?\d{1,2})?$/), (text) => {
        let parsed: Decimal;
        try {
          parsed = parseDecimal(text);
        } catch (error) {
          expect(error).toMatchObject({ code: "DECIMAL_INVALID" });
          return;
        }
        expect(compareDecimals(parseDecimal(formatDecimal(parsed)), parsed)).toBe(0);
        expect(Number(formatDecimal(parsed))).toBeCloseTo(Number(text), 10);
      }),
    );
  });
});

describe("formatDecimal", () => {
  it.each([
    [-5n, 2, "-0.05"],
    [0n, 3, "0.000"],
    [123n, 0, "123"],
    [-123n, 2, "-1.23"],
    [100n, 2, "1.00"],
  ])("prints %s at %s decimals as %s", (value, count, text) => {
    expect(formatDecimal({ value, decimals: count })).toBe(text);
  });
});

describe("divideHalfEven", () => {
  it.each([
    [5n, 10n, 0n],
    [15n, 10n, 2n],
    [25n, 10n, 2n],
    [35n, 10n, 4n],
    [-5n, 10n, 0n],
    [-15n, 10n, -2n],
    [-25n, 10n, -2n],
    [14n, 10n, 1n],
    [16n, 10n, 2n],
    [26n, 10n, 3n],
    [7n, 1n, 7n],
  ])("%s / %s is %s", (value, divisor, expected) => {
    expect(divideHalfEven(value, divisor)).toBe(expected);
  });

  it("is never further than half a divisor off, and even on a tie", () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt({ min: 1n, max: 10n ** 30n }), (value, divisor) => {
        const quotient = divideHalfEven(value, divisor);
        const off = absolute(value - quotient * divisor) * 2n;
        expect(off <= divisor).toBe(true);
        if (off === divisor) expect(quotient % 2n).toBe(0n);
      }),
    );
  });

  it("treats both signs alike", () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt({ min: 1n }), (value, divisor) => {
        expect(divideHalfEven(-value, divisor)).toBe(-divideHalfEven(value, divisor));
      }),
    );
  });
});

describe("rescale", () => {
  it("keeps the number where no digit is lost", () => {
    fc.assert(
      fc.property(decimal, decimals, (given, more) => {
        const wide = rescale(given, given.decimals + more);
        expect(compareDecimals(wide, given)).toBe(0);
        expect(rescale(wide, given.decimals)).toEqual(given);
      }),
    );
  });

  it("never changes the order", () => {
    fc.assert(
      fc.property(decimal, decimal, decimals, (a, b, count) => {
        if (compareDecimals(a, b) <= 0)
          expect(compareDecimals(rescale(a, count), rescale(b, count))).toBeLessThanOrEqual(0);
      }),
    );
  });
});

describe("compareDecimals", () => {
  it("is a total order over numbers, whatever their decimals", () => {
    fc.assert(
      fc.property(decimal, decimal, decimal, (a, b, c) => {
        expect(compareDecimals(a, b)).toBe(-compareDecimals(b, a) + 0);
        if (compareDecimals(a, b) <= 0 && compareDecimals(b, c) <= 0)
          expect(compareDecimals(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });

  it("sees 1.0 and 1.00 as equal", () => {
    expect(compareDecimals(parseDecimal("1.0"), parseDecimal("1.00"))).toBe(0);
  });
});
