/** A decimal number as `value * 10^-decimals`; never a JS float. */
export interface Decimal {
  readonly value: bigint;
  /** 0 to 77. */
  readonly decimals: number;
}

/** Longest decimal text that is read, in characters. */
const MAX_LENGTH = 128;
const MAX_DECIMALS = 77;
const PLAIN = /^(-?)(\d+)(?:\.(\d+))?$/;
const SCIENTIFIC = /^(-?)(\d+)(?:\.(\d+))?[eE]([+-]?\d{1,3})$/;

/**
 * Read plain decimal text (`-12.50`), or the scientific form that JSON numbers may take (`1.5e3`); null for anything
 * else. Keeps the decimals as written. Throws nothing, so that a guest can use it without the catalogue of errors.
 */
export const readDecimal = (text: string): Decimal | null => {
  const match = text.length <= MAX_LENGTH ? (PLAIN.exec(text) ?? SCIENTIFIC.exec(text)) : null;
  if (!match) return null;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match;
  const shift = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction) * (sign ? -1n : 1n);
  const decimal =
    shift >= 0
      ? { value: digits, decimals: shift }
      : { value: digits * 10n ** BigInt(-shift), decimals: 0 };
  return decimal.decimals > MAX_DECIMALS ? null : decimal;
};

/** Division that rounds half to even, as IEEE 754 and accountants do. `divisor` must be positive. */
export const divideHalfEven = (value: bigint, divisor: bigint): bigint => {
  const negative = value < 0n;
  const absolute = negative ? -value : value;
  let quotient = absolute / divisor;
  const twice = (absolute % divisor) * 2n;
  if (twice > divisor || (twice === divisor && quotient % 2n === 1n)) quotient += 1n;
  return negative ? -quotient : quotient;
};

/** The same number at another count of decimals, rounded half to even where digits are lost. */
export const rescale = (decimal: Decimal, decimals: number): Decimal => {
  const shift = decimals - decimal.decimals;
  const value =
    shift >= 0
      ? decimal.value * 10n ** BigInt(shift)
      : divideHalfEven(decimal.value, 10n ** BigInt(-shift));
  return { value, decimals };
};

/**
 * Plain text with exactly `decimals` digits after the point.
 * @example
 * ```ts
 * formatDecimal({ value: -5n, decimals: 2 }); // "-0.05"
 * ```
 */
export const formatDecimal = ({ value, decimals }: Decimal): string => {
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, "0");
  const cut = digits.length - decimals;
  const text = decimals === 0 ? digits : `${digits.slice(0, cut)}.${digits.slice(cut)}`;
  return value < 0n ? `-${text}` : text;
};

/** Negative, zero or positive as `a` is below, equal to or above `b`. */
export const compareDecimals = (a: Decimal, b: Decimal): number => {
  const decimals = Math.max(a.decimals, b.decimals);
  const left = rescale(a, decimals).value;
  const right = rescale(b, decimals).value;
  return left < right ? -1 : left > right ? 1 : 0;
};
