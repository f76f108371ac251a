import type { Style } from "../style.ts";
import { formatTable } from "../table.ts";
import type { BuildReport } from "./build-report.ts";

/** Modules that are listed by name; the rest is summed up. */
const LISTED = 8;

const kib = (bytes: number): string => `${(bytes / 1_024).toFixed(1)} KiB`;
const seconds = (ms: number): string => `${ms / 1_000} s`;

/** Own code by file, the SDK and each package from npm as one. */
const sizes = ({ modules }: BuildReport): readonly (readonly [string, number])[] => {
  const sums = new Map<string, number>();
  for (const { name, bytes } of modules) {
    const [, whole] =
      /^(cryptlet-fabric)\//.exec(name) ?? /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(name) ?? [];
    const shown =
      whole === undefined ? name : whole === "cryptlet-fabric" ? "the SDK" : `${whole} (npm)`;
    sums.set(shown, (sums.get(shown) ?? 0) + bytes);
  }
  return [...sums].toSorted(([, a], [, b]) => b - a);
};

const sizeLines = (report: BuildReport): readonly string[] => {
  const rows = sizes(report);
  if (rows.length === 0) return [];
  const rest = rows.slice(LISTED).reduce((sum, [, bytes]) => sum + bytes, 0);
  const shown = [...rows.slice(0, LISTED), ...(rest > 0 ? ([["the rest", rest]] as const) : [])];
  return [
    "",
    formatTable(
      ["part", "size"],
      shown.map(([name, bytes]) => [name, kib(bytes)]),
    ),
  ];
};

/** What a person reads. */
export const formatBuild = (report: BuildReport, style: Style): string => {
  const { id, version, limits, capabilities } = report;
  const { package: folder, digest, measurement, bundleBytes, maxBundleBytes } = report;
  const touches = capabilities.map(({ says }) => `  ${says}`);
  return [
    `${style.bold(folder ?? "checked, nothing written")}  ${id} ${version}, ${kib(bundleBytes)} of ${kib(maxBundleBytes)}`,
    `digest       ${digest}`,
    `measurement  ${style.bold(measurement)}`,
    ...sizeLines(report),
    "",
    touches.length === 0
      ? "It may touch nothing outside itself."
      : "It may touch, and nothing else:",
    ...touches,
    "",
    `One run: ${seconds(limits.timeoutMs)}, ${kib(limits.memoryBytes)} of memory, ${limits.maxHostCalls} host calls, ${limits.maxLogCharacters} characters of log.`,
    "The measurement is what contracts and verifiers know it by: the same on every machine.",
  ].join("\n");
};
