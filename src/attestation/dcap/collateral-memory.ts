import { fabricError } from "../../core/errors/fabric-error.ts";

/** One thing in collateral that only grows, as a verified quote showed it. */
export interface CollateralMark {
  /** What it is: `tcb/<anchor>/<tee>/<fmspc>`, `qe/…`, `crl/<anchor>/<issuer>`. */
  readonly series: string;
  /** First what the issuer counts up, then its date in ms since epoch: Intel leaves the CRL number at 1. */
  readonly rank: readonly [bigint, bigint];
}

/**
 * The highest marks that were seen. State belongs to who judges the present; evidence that is judged as of an earlier
 * time needs the collateral of that time and is judged without a memory.
 */
export interface CollateralMemory {
  /** The highest rank of a series; null for one that was never seen. */
  highest(series: string): CollateralMark["rank"] | null;
  /** Called with marks of collateral that was verified, never with lower ones. */
  remember(marks: readonly CollateralMark[]): void;
}

const isBelow = (a: CollateralMark["rank"], b: CollateralMark["rank"]): boolean =>
  a[0] === b[0] ? a[1] < b[1] : a[0] < b[0];

/** Refuse collateral that is older than what was seen. Throws `COLLATERAL_ROLLED_BACK`. */
export const checkMarks = (memory: CollateralMemory, marks: readonly CollateralMark[]): void => {
  for (const { series, rank } of marks) {
    const highest = memory.highest(series);
    if (highest !== null && isBelow(rank, highest))
      throw fabricError("COLLATERAL_ROLLED_BACK", { series: series.slice(0, 160) });
  }
};

/**
 * A memory in this process. `initial` and `marks()` let its owner keep it elsewhere.
 * @example
 * ```ts
 * import { createCollateralMemory } from "cryptlet-fabric/client";
 *
 * console.log(typeof createCollateralMemory()); // object
 * ```
 */
export const createCollateralMemory = (
  initial: readonly CollateralMark[] = [],
): CollateralMemory & { marks(): readonly CollateralMark[] } => {
  const highest = new Map<string, CollateralMark["rank"]>();
  const remember = (marks: readonly CollateralMark[]): void => {
    for (const { series, rank } of marks) {
      const known = highest.get(series);
      if (known === undefined || isBelow(known, rank)) highest.set(series, rank);
    }
  };
  remember(initial);
  return {
    highest: (series) => highest.get(series) ?? null,
    remember,
    marks: () => [...highest].map(([series, rank]) => ({ series, rank })),
  };
};
