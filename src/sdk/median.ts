import { Fixed, midpoint } from "./fixed.ts";

const sorted = (values: readonly Fixed[]): readonly Fixed[] =>
  values.toSorted((a, b) => a.compare(b));

/**
 * Middle value, or the mean of the two middle ones; zero for no values.
 * @example
 * ```ts
 * import { Fixed, median } from "cryptlet-fabric/sdk";
 *
 * const values = ["-3", "7", "1"].map((text) => Fixed.parse(text));
 * console.log(median(values).toShortText()); // 1
 * ```
 */
export const median = (values: readonly Fixed[]): Fixed => {
  const ordered = sorted(values);
  const high = ordered[ordered.length >> 1] ?? Fixed.zero;
  const low = ordered[(ordered.length - 1) >> 1] ?? Fixed.zero;
  return midpoint(low, high);
};

/**
 * Highest minus lowest; zero for no values.
 * @example
 * ```ts
 * import { Fixed, spreadOf } from "cryptlet-fabric/sdk";
 *
 * const values = ["-3", "7", "1"].map((text) => Fixed.parse(text));
 * console.log(spreadOf(values).toShortText()); // 10
 * ```
 */
export const spreadOf = (values: readonly Fixed[]): Fixed => {
  const ordered = sorted(values);
  return (ordered.at(-1) ?? Fixed.zero).subtract(ordered[0] ?? Fixed.zero);
};

/** How far from the median a value may lie. The bounds in millionths are relative to the values at hand, so no price is built in. */
export interface OutlierRule {
  /** Multiple of the median absolute deviation (MAD). */
  readonly mads: number;
  /** Millionths of the median that are always allowed: with equal answers the MAD is zero. */
  readonly floorPpm: number;
  /** Millionths of the median that are never exceeded: two camps far apart have a large MAD. */
  readonly ceilingPpm: number;
  /**
   * A distance in the feed's unit that is always allowed, as plain decimal text: `"0.50"`; zero when left out. A price
   * that passes through zero needs one: near zero millionths of it are nothing, and sources that differ by a cent would
   * all be outliers.
   */
  readonly absoluteFloor?: string;
}

/**
 * For each value whether it is an outlier: further from the median than `mads` x MAD, held between floor and ceiling,
 * and further than the absolute floor. Signs are of no matter. Throws `DECIMAL_INVALID` for a floor that is no number.
 * The MAD has a breakdown point of one half (Rousseeuw and Croux 1993), the standard deviation of zero.
 */
export const findOutliers = (values: readonly Fixed[], rule: OutlierRule): readonly boolean[] => {
  const middle = median(values);
  const distances = values.map((value) => value.subtract(middle).absolute());
  const deviation = new Fixed(median(distances).units * BigInt(rule.mads));
  const size = middle.absolute();
  const floor = size.partsPerMillion(rule.floorPpm);
  const ceiling = size.partsPerMillion(rule.ceilingPpm);
  const atLeast = deviation.compare(floor) < 0 ? floor : deviation;
  const relative = atLeast.compare(ceiling) > 0 ? ceiling : atLeast;
  const absolute = Fixed.parse(rule.absoluteFloor ?? "0");
  const band = relative.compare(absolute) < 0 ? absolute : relative;
  return distances.map((distance) => distance.compare(band) > 0);
};
