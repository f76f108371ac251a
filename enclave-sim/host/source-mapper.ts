import path from "node:path";
import {
  decodedMappings,
  originalPositionFor,
  sourceContentFor,
  TraceMap,
} from "@jridgewell/trace-mapping";
import { z } from "zod";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { PACKAGE_LIMITS } from "../../src/core/limits.ts";

/** A place in what the author wrote. Line and column count from 1. */
export interface SourcePosition {
  /** For people: relative to the package's folder, on one plain line. Nothing is read from there. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Leads from the built code back to the source, by the map beside it. */
export interface SourceMapper {
  /** Null for code that nobody wrote: the entry, helpers of the bundler. Line and column count from 1. */
  locate(line: number, column: number): SourcePosition | null;
  /** The line of the source, as the map carries it; null when it does not. */
  lineOf(position: SourcePosition): string | null;
  /** A text with every `bundle.js:LINE:COLUMN` replaced by where it was written; what has no place stays. */
  mapText(text: string): string;
}

const text = (max: number) => z.string().max(max);
const { sourceMapBytes } = PACKAGE_LIMITS;

/** What is used of a map (ECMA-426). `sectioned` maps are of no builder here. */
const sourceMapSchema = z.object({
  version: z.literal(3),
  sources: z.array(text(1_024)).max(10_000),
  sourcesContent: z.array(text(sourceMapBytes).nullable()).max(10_000).default([]),
  names: z.array(text(1_024)).max(1_000_000).default([]),
  mappings: text(sourceMapBytes),
});

/** What could forge a line of a log or steer a terminal. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;
/** Longest line of a source that is shown. */
const MAX_LINE = 400;
/** Lines and segments of a map: one for every two bytes of the largest bundle. Each becomes an array. */
const MAX_SEGMENTS = 2_097_152;
/** No line has so many columns, and no file so many lines. */
const MAX_PLACE = 100_000_000;
const PLACE = /\bbundle\.js:(\d{1,9}):(\d{1,9})/g;

/** A map is anybody's text: a name that leaves the folder is shown as what it is called, not as where it lies. */
const shownName = (source: string): string => {
  const plain = path.posix.normalize(source.replaceAll(UNPRINTABLE, "").replaceAll("\\", "/"));
  const name = plain.replace(/^(?:[A-Za-z]:)?\/+/, "").replace(/^(?:\.\.\/)+/, "");
  return name === "" || name === "." || name === ".." ? "(unnamed)" : name;
};

/**
 * Reads a source map. Its paths are names for people and never opened.
 * Throws `SOURCE_MAP_INVALID`.
 * @example
 * ```ts
 * createSourceMapper(built.sourceMap).mapText("    at run (bundle.js:1:204)"); // "    at run (src/main.ts:12:9)"
 * ```
 */
export const createSourceMapper = (bytes: Uint8Array): SourceMapper => {
  const map = parseMap(bytes);
  // Numbered, so that two sources which are shown alike keep their own lines.
  const sources = map.sources.map((source, at) => `${at}:${shownName(source)}`);
  const trace = new TraceMap({ ...map, sources });
  checkMappings(trace, sources.length);
  const locate: SourceMapper["locate"] = (line, column) => {
    if (line < 1 || column < 1) return null;
    const found = originalPositionFor(trace, { line, column: column - 1 });
    if (found.source === null) return null;
    return { file: fileOf(found.source), line: found.line, column: found.column + 1 };
  };
  const lines = new Map<string, readonly string[]>();
  return {
    locate,
    lineOf: ({ file, line }) => {
      let known = lines.get(file);
      if (!known) {
        const source = sources.find((name) => fileOf(name) === file);
        known = (source ? (sourceContentFor(trace, source) ?? "") : "").split(/\r\n|[\r\n]/);
        lines.set(file, known);
      }
      const found = known[line - 1];
      return found === undefined
        ? null
        : found.replaceAll(/\t/g, "  ").replaceAll(UNPRINTABLE, "").slice(0, MAX_LINE);
    },
    mapText: (given) =>
      given.replaceAll(PLACE, (whole, line: string, column: string) => {
        const found = locate(Number(line), Number(column));
        return found ? placeText(found) : whole;
      }),
  };
};

/** `12:src/main.ts` -> `src/main.ts`. */
const fileOf = (source: string): string => source.slice(source.indexOf(":") + 1);

/** `src/main.ts:12:9`, which editors and terminals open. */
export const placeText = ({ file, line, column }: SourcePosition): string =>
  `${file}:${line}:${column}`;

const invalid = (reason: string) => fabricError("SOURCE_MAP_INVALID", { reason });

const parseMap = (bytes: Uint8Array): z.infer<typeof sourceMapSchema> => {
  if (bytes.length > sourceMapBytes)
    throw invalid(`it has ${bytes.length} bytes, ${sourceMapBytes} are allowed`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw invalid("it is not JSON");
  }
  const parsed = sourceMapSchema.safeParse(json);
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error).slice(0, 300));
  if (countSegments(parsed.data.mappings) > MAX_SEGMENTS)
    throw invalid(`it has more than ${MAX_SEGMENTS} lines and segments`);
  return parsed.data;
};

const countSegments = (mappings: string): number => {
  let count = 0;
  for (const separator of [";", ","])
    for (let at = mappings.indexOf(separator); at !== -1; at = mappings.indexOf(separator, at + 1))
      count += 1;
  return count;
};

const isPlace = (value: number | undefined): boolean =>
  value !== undefined && value >= 0 && value <= MAX_PLACE;

/** The library believes what it decodes: a segment that points at no source would only fail where it is used. */
const checkMappings = (trace: TraceMap, sources: number): void => {
  for (const line of decodedMappings(trace))
    for (const [column, source, sourceLine, sourceColumn] of line) {
      if (!isPlace(column)) throw invalid("a mapping has no column");
      if (source === undefined) continue;
      if (source < 0 || source >= sources)
        throw invalid("a mapping names a source that is not there");
      if (!isPlace(sourceLine) || !isPlace(sourceColumn)) throw invalid("a mapping has no place");
    }
};
