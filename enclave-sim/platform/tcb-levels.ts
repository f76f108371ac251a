/**
 * Security releases of Node.js as TCB levels of the simulator: each row is one TCB recovery, and a Node without its
 * fix is OutOfDate with the row's advisory. A row names the first fixed release of each line that got one; later lines
 * were born with the fix. A new row stands at the end. As long as `engines` admits a line that gets no more fixes, the
 * releases after its last one make no row: the day that the line is dropped, they do.
 */
const SECURITY_RELEASES = [
  { advisory: "SIM-SA-2025-01", date: "2025-01-21", fixed: ["20.18.2", "22.13.1", "23.6.1"] },
  {
    advisory: "SIM-SA-2025-05",
    date: "2025-05-14",
    fixed: ["20.19.2", "22.15.1", "23.11.1", "24.0.2"],
  },
  { advisory: "SIM-SA-2025-07", date: "2025-07-15", fixed: ["20.19.4", "22.17.1", "24.4.1"] },
  {
    advisory: "SIM-SA-2026-01",
    date: "2026-01-13",
    fixed: ["20.20.0", "22.22.0", "24.13.0", "25.3.0"],
  },
  {
    advisory: "SIM-SA-2026-03",
    date: "2026-03-24",
    fixed: ["20.20.2", "22.22.2", "24.14.1", "25.8.2"],
  },
] as const;

/** One level: `svn` security releases are in it. */
export interface TcbLevel {
  readonly svn: number;
  /** ISO date of the release. */
  readonly date: string;
  readonly status: "UpToDate" | "OutOfDate";
  /** Advisories of the releases that this level lacks. */
  readonly advisories: readonly string[];
}

/** `tcbEvaluationDataNumber` of this table: it only grows. */
export const TCB_EVALUATION_NUMBER = SECURITY_RELEASES.length;

/** Highest level first, as a PCS lists them. */
export const TCB_LEVELS: readonly TcbLevel[] = SECURITY_RELEASES.map(({ date }, index) => ({
  svn: index + 1,
  date: `${date}T00:00:00Z`,
  status: index + 1 === SECURITY_RELEASES.length ? ("UpToDate" as const) : ("OutOfDate" as const),
  advisories: SECURITY_RELEASES.slice(index + 1).map(({ advisory }) => advisory),
})).toReversed();

const numbersOf = (version: string): readonly number[] =>
  version.split(".").map((part) => Number.parseInt(part, 10));

const isAtLeast = (version: readonly number[], least: readonly number[]): boolean => {
  for (const [index, number] of least.entries()) {
    const own = version[index] ?? 0;
    if (own !== number) return own > number;
  }
  return true;
};

const hasFix = (version: readonly number[], fixed: readonly string[]): boolean => {
  const lines = fixed.map(numbersOf);
  const own = lines.find(([major]) => major === version[0]);
  if (own) return isAtLeast(version, own);
  return lines.every(([major]) => (version[0] ?? 0) > (major ?? 0));
};

/**
 * Level of a Node version, 0 where it lacks even the oldest release of the table (then no level matches).
 * @example
 * ```ts
 * nodeSecurityLevel("20.19.4"); // 3
 * ```
 */
export const nodeSecurityLevel = (version: string): number => {
  const numbers = numbersOf(version);
  const missing = SECURITY_RELEASES.findIndex(({ fixed }) => !hasFix(numbers, fixed));
  return missing === -1 ? SECURITY_RELEASES.length : missing;
};
