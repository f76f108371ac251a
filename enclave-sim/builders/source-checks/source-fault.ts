import {
  type FabricError,
  fabricError,
  isFabricError,
} from "../../../src/core/errors/fabric-error.ts";

/** One place in the source that uses what a Cryptlet must not. Line and column count from 1. */
export interface SourceFault {
  /** Relative to the package's folder; a dependency's begins with `node_modules/`. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What was used: `Date.now`. */
  readonly api: string;
  /** What to use in its place. */
  readonly instead: string;
}

/** Faults that are told; a library may have thousands. */
const MAX_FAULTS = 100;

/** `src/main.ts:12:9: Date.now is refused: use ctx.now() …`, the form that editors and terminals open. */
export const formatSourceFault = ({ file, line, column, api, instead }: SourceFault): string =>
  `${file}:${line}:${column}: ${api} is refused: use ${instead}`;

const compare = (a: SourceFault, b: SourceFault): number => {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
};

/** In the order of the source, each place once. */
export const orderFaults = (faults: readonly SourceFault[]): readonly SourceFault[] => [
  ...new Map(faults.toSorted(compare).map((fault) => [formatSourceFault(fault), fault])).values(),
];

/** The list rides along, for editors and for `--json`. */
class FaultList extends Error {
  override readonly name = "FaultList";
  readonly faults: readonly SourceFault[];

  constructor(faults: readonly SourceFault[]) {
    super(`${faults.length} faults`);
    this.faults = faults;
  }
}

/** `SOURCE_FORBIDDEN` with every fault; `faults` are ordered. */
export const sourceForbidden = (path: string, faults: readonly SourceFault[]): FabricError => {
  const told = faults.slice(0, MAX_FAULTS).map(formatSourceFault);
  const more = faults.length - told.length;
  const lines = more > 0 ? [...told, `and ${more} more`] : told;
  return fabricError(
    "SOURCE_FORBIDDEN",
    { path, count: faults.length, faults: lines.join("\n") },
    { cause: new FaultList(faults.slice(0, MAX_FAULTS)) },
  );
};

/** The faults behind a `SOURCE_FORBIDDEN` of this process; empty for any other error. */
export const sourceFaultsOf = (error: unknown): readonly SourceFault[] =>
  isFabricError(error, "SOURCE_FORBIDDEN") && error.cause instanceof FaultList
    ? error.cause.faults
    : [];
