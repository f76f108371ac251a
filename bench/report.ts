/** One measured line. */
export interface BenchRow {
  /** Table the row belongs to. */
  readonly group: string;
  readonly name: string;
  readonly value: number;
  /** For example `ops/CPU s`, `ms`, `gas`. */
  readonly unit: string;
  /** `value` over the value of the row that `against` names. */
  readonly ratio?: number;
  readonly against?: string;
  /** What the ratio, or without a ratio the value, should be, in words: `>= 10`. */
  readonly target?: string;
  /** Whether the target was met; unset when there is none. */
  readonly ok?: boolean;
  /** A missed target ends the bench with exit code 1: the figure is the same on every machine. */
  readonly fails?: boolean;
}

const format = (value: number): string => {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", { maximumFractionDigits: digits });
};

const cells = (row: BenchRow): readonly string[] => [
  row.name,
  format(row.value),
  row.unit,
  row.ratio === undefined ? "" : `${format(row.ratio)}x`,
  row.against ?? "",
  row.target ?? "",
  row.ok === undefined ? "" : row.ok ? "ok" : "MISSED",
];

const HEADER = ["what", "value", "unit", "ratio", "against", "target", ""] as const;
/** Columns of numbers. */
const RIGHT = new Set([1, 3]);

/** One text table per group, in the order of first appearance. */
export const formatBench = (rows: readonly BenchRow[]): string => {
  const groups = [...new Set(rows.map((row) => row.group))];
  return groups
    .map((group) => {
      const lines = [HEADER, ...rows.filter((row) => row.group === group).map(cells)];
      const widths = HEADER.map((_, column) =>
        Math.max(...lines.map((line) => line[column]?.length ?? 0)),
      );
      const table = lines.map((line) =>
        line
          .map((cell, column) =>
            RIGHT.has(column)
              ? cell.padStart(widths[column] ?? 0)
              : cell.padEnd(widths[column] ?? 0),
          )
          .join("  ")
          .trimEnd(),
      );
      return [group, ...table].join("\n");
    })
    .join("\n\n");
};

/** Print the tables on stdout. */
export const printBench = (rows: readonly BenchRow[]): void => {
  console.log(`\n${formatBench(rows)}\n`);
};
