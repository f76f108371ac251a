import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Clock } from "../core/clock.ts";
import { divideHalfEven, formatDecimal, rescale } from "../core/decimal.ts";
import { parseDecimal } from "../core/parse-decimal.ts";
import { fabricError } from "../core/errors/fabric-error.ts";

/** Decimals of the process: 10^-6 USD. */
export const PRICE_DECIMALS = 6;

/** What the emulated market trades at. */
export interface PriceProcess {
  /** Price now, in 10^-6 USD per troy ounce. */
  now(): bigint;
  /** Goes on from this price. Throws `DECIMAL_INVALID`, `PRICE_REFUSED`. */
  set(text: string): void;
}

const STEP_MS = 1_000;
/** Steps that are computed at once at most; a clock that jumps further leaves the price where it is then. */
const MAX_STEPS = 100_000;

/**
 * A walk of at most `maxStepPpm` millionths a second, decided by the seed: the same seed and the same clock give the
 * same prices on every machine.
 */
export const createPriceWalk = (options: {
  readonly clock: Clock;
  readonly seed: string;
  readonly startPrice: string;
  readonly maxStepPpm: number;
}): PriceProcess => {
  const { clock, seed, maxStepPpm } = options;
  let price = readPrice(options.startPrice);
  let step = 0;
  let time = clock.now();
  return {
    now: () => {
      const due = Math.min(Math.floor((clock.now() - time) / STEP_MS), MAX_STEPS);
      for (let done = 0; done < due; done += 1) {
        step += 1;
        const change = BigInt(drawInteger(seed, step, maxStepPpm));
        price += divideHalfEven(price * change, 1_000_000n);
      }
      if (due > 0) time += due * STEP_MS;
      return price;
    },
    set: (text) => {
      price = readPrice(text);
      time = clock.now();
    },
  };
};

/** Recorded prices, one row after the other every `stepMs`; the last one stays. */
export const createPriceSeries = (options: {
  readonly clock: Clock;
  readonly prices: readonly string[];
  readonly stepMs: number;
}): PriceProcess => {
  const { clock, stepMs } = options;
  const prices = options.prices.map(readPrice);
  const start = clock.now();
  let fixed: bigint | null = null;
  return {
    now: () => {
      const row = Math.floor((clock.now() - start) / stepMs);
      return fixed ?? prices[Math.min(row, prices.length - 1)] ?? 0n;
    },
    set: (text) => {
      fixed = readPrice(text);
    },
  };
};

/** Reads the prices of a `Date,Price` file from a date on (`YYYY-MM`, inclusive). Throws `SERIES_UNREADABLE`. */
export const readPriceSeries = async (
  file: string,
  from: string | null,
): Promise<readonly string[]> => {
  const refuse = (reason: string, cause?: unknown) =>
    fabricError("SERIES_UNREADABLE", { file, reason }, { cause });
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw refuse(cause instanceof Error ? cause.message : "unreadable", cause);
  }
  const [head = "", ...rows] = text.trim().split(/\r?\n/);
  if (head.trim() !== "Date,Price") throw refuse("its first line is not Date,Price");
  const prices = rows.map((row, at) => {
    const match = /^(\d{4}-\d\d(?:-\d\d)?),(\d{1,12}(?:\.\d{1,6})?)$/.exec(row.trim());
    if (!match?.[1] || !match[2]) throw refuse(`line ${at + 2} is not a date and a price`);
    return { date: match[1], price: match[2] };
  });
  const chosen = prices.filter(({ date }) => from === null || date >= from);
  if (chosen.length === 0) throw refuse("it has no rows from that date on");
  return chosen.map(({ price }) => price);
};

/** Text of a price in 10^-6 USD with this many decimals. */
export const priceText = (price: bigint, decimals: number): string =>
  formatDecimal(rescale({ value: price, decimals: PRICE_DECIMALS }, decimals));

const readPrice = (text: string): bigint => {
  const price = rescale(parseDecimal(text), PRICE_DECIMALS).value;
  if (price <= 0n || price >= 10n ** 18n) throw fabricError("PRICE_REFUSED", { text });
  return price;
};

/** Whole number from -bound to bound, decided by seed and position. */
const drawInteger = (seed: string, position: number, bound: number): number =>
  (createHash("sha256").update(`${seed}:${position}`).digest().readUInt32BE() % (2 * bound + 1)) -
  bound;
