import { divideHalfEven, formatDecimal, readDecimal, rescale } from "../core/decimal.ts";
import { guestError } from "./guest-error.ts";

const DECIMALS = 18;
const ONE = 10n ** 18n;

/**
 * A number of 18 decimals on a bigint; every operation that loses digits rounds half to even.
 * The same in every engine, which floats are not.
 * @example
 * ```ts
 * import { Fixed } from "cryptlet-fabric/sdk";
 *
 * console.log(Fixed.parse("-12.50").toShortText()); // -12.5
 * ```
 */
export class Fixed {
  static readonly zero = new Fixed(0n);
  /** Count of 10^-18. */
  readonly units: bigint;

  constructor(units: bigint) {
    this.units = units;
  }

  /** Reads plain or scientific decimal text. Throws `DECIMAL_INVALID`. */
  static parse(text: string): Fixed {
    const decimal = readDecimal(text);
    if (!decimal) throw guestError("DECIMAL_INVALID", { text: text.slice(0, 40) });
    return new Fixed(rescale(decimal, DECIMALS).value);
  }

  static ofInteger(whole: bigint): Fixed {
    return new Fixed(whole * ONE);
  }

  add(other: Fixed): Fixed {
    return new Fixed(this.units + other.units);
  }

  subtract(other: Fixed): Fixed {
    return new Fixed(this.units - other.units);
  }

  multiply(other: Fixed): Fixed {
    return new Fixed(divideHalfEven(this.units * other.units, ONE));
  }

  /** Throws `FIXED_DIVISION_BY_ZERO`. */
  divide(other: Fixed): Fixed {
    if (other.units === 0n) throw guestError("FIXED_DIVISION_BY_ZERO", {});
    const sign = other.units < 0n ? -1n : 1n;
    return new Fixed(divideHalfEven(sign * this.units * ONE, sign * other.units));
  }

  /** This many millionths of the number. */
  partsPerMillion(parts: number): Fixed {
    return new Fixed(divideHalfEven(this.units * BigInt(parts), 1_000_000n));
  }

  absolute(): Fixed {
    return this.units < 0n ? new Fixed(-this.units) : this;
  }

  /** Negative, zero or positive as this is below, equal to or above `other`. */
  compare(other: Fixed): number {
    return this.units < other.units ? -1 : this.units > other.units ? 1 : 0;
  }

  isPositive(): boolean {
    return this.units > 0n;
  }

  /** Plain text with exactly `decimals` digits behind the point, 18 when left out. */
  toText(decimals: number = DECIMALS): string {
    return formatDecimal(rescale({ value: this.units, decimals: DECIMALS }, decimals));
  }

  /** Plain text without zeros at the end. */
  toShortText(): string {
    return this.toText().replace(/\.?0+$/, "");
  }
}

/**
 * Arithmetic mean of two numbers.
 * @example
 * ```ts
 * import { Fixed, midpoint } from "cryptlet-fabric/sdk";
 *
 * console.log(midpoint(Fixed.parse("-1.5"), Fixed.parse("0.5")).toShortText()); // -0.5
 * ```
 */
export const midpoint = (a: Fixed, b: Fixed): Fixed =>
  new Fixed(divideHalfEven(a.units + b.units, 2n));
