import { type Decimal, readDecimal } from "./decimal.ts";
import { fabricError } from "./errors/fabric-error.ts";

/**
 * Read decimal text as `readDecimal` does. Throws `DECIMAL_INVALID`.
 * @example
 * ```ts
 * parseDecimal("2650.10"); // { value: 265010n, decimals: 2 }
 * ```
 */
export const parseDecimal = (text: string): Decimal => {
  const decimal = readDecimal(text);
  if (!decimal) throw fabricError("DECIMAL_INVALID", { text: text.slice(0, 40) });
  return decimal;
};
