import { fabricError } from "../../../../src/sdk/index.ts";

/** A price is a whole number of 10^-8 USD. */
const DECIMALS = 8;
const PRICE = /^(-?)([0-9]{1,9})(?:\.([0-9]{1,18}))?$/;

/** `dividend / divisor`, halves to even; both are not negative. */
const divideHalfEven = (dividend: bigint, divisor: bigint): bigint => {
  const quotient = dividend / divisor;
  const twice = (dividend % divisor) * 2n;
  return twice > divisor || (twice === divisor && quotient % 2n === 1n) ? quotient + 1n : quotient;
};

/** Throws `PRICE_NOT_A_NUMBER`, `PRICE_NOT_POSITIVE`. */
export const parsePrice = (text: string, path: string): bigint => {
  const [matched, sign, whole = "", fraction = ""] = PRICE.exec(text) ?? [];
  if (matched === undefined) throw fabricError("PRICE_NOT_A_NUMBER", { path });
  const digits = BigInt(whole + fraction.padEnd(18, "0"));
  const units = divideHalfEven(digits, 10n ** 10n);
  if (sign === "-" || units === 0n) throw fabricError("PRICE_NOT_POSITIVE", { path });
  return units;
};

/** (a + b) / 2, halves to even. */
export const middleOf = (a: bigint, b: bigint): bigint => divideHalfEven(a + b, 2n);

/** Zero for no prices. */
export const medianOf = (prices: readonly bigint[]): bigint => {
  const ordered = prices.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const low = ordered[(ordered.length - 1) >> 1] ?? 0n;
  const high = ordered[ordered.length >> 1] ?? 0n;
  return middleOf(low, high);
};

/** Exactly 8 decimals. */
export const toText = (price: bigint): string => {
  const digits = price.toString().padStart(DECIMALS + 1, "0");
  return `${digits.slice(0, -DECIMALS)}.${digits.slice(-DECIMALS)}`;
};
