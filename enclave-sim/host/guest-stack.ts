import { isFabricError } from "../../src/core/errors/fabric-error.ts";
import { placeText, type SourceMapper, type SourcePosition } from "./source-mapper.ts";

/** One call of a guest's stack, the innermost first. */
export interface GuestFrame {
  /** Where the author wrote it; null without a map, and for code that nobody wrote. */
  readonly position: SourcePosition | null;
  /** Where it stands in the built code, from 1. */
  readonly built: { readonly line: number; readonly column: number };
}

/** Frames that are kept; a deep recursion has thousands. */
const MAX_FRAMES = 16;
const FRAME = /\(?\bbundle\.js:(\d{1,9}):(\d{1,9})\)?/g;

/** The stack that a guest's error carries among its arguments, as one line; null when it has none. */
export const guestStackOf = (error: unknown): string | null => {
  if (!isFabricError(error)) return null;
  const { stack } = error.arguments;
  return typeof stack === "string" && stack !== "" ? stack : null;
};

/**
 * Frames of a guest's stack, or of any text that names places of `bundle.js`: a log line, a reason.
 * @example
 * ```ts
 * mapGuestStack(guestStackOf(error) ?? "", mapper).find(isOwnFrame)?.position; // { file: "src/main.ts", line: 12, column: 9 }
 * ```
 */
export const mapGuestStack = (stack: string, mapper: SourceMapper | null): readonly GuestFrame[] =>
  [...stack.matchAll(FRAME)].slice(0, MAX_FRAMES).map(([, line, column]) => {
    const built = { line: Number(line), column: Number(column) };
    return { built, position: mapper?.locate(built.line, built.column) ?? null };
  });

/** Whether the author wrote it: neither the SDK, nor a dependency, nor the bundler. */
export const isOwnFrame = ({ position }: GuestFrame): boolean =>
  position !== null && !/^(?:cryptlet-fabric\/|node_modules\/)/.test(position.file);

/** For people: one line per frame, and under the first of the author's own the line that he wrote. */
export const formatGuestStack = (
  frames: readonly GuestFrame[],
  mapper: SourceMapper | null,
): string => {
  const own = frames.find(isOwnFrame);
  return frames
    .flatMap((frame) => {
      const { position, built } = frame;
      const place = position ? placeText(position) : `bundle.js:${built.line}:${built.column}`;
      const source = frame === own && position ? mapper?.lineOf(position) : null;
      if (source === null || source === undefined || !position) return [`  at ${place}`];
      const gutter = `    ${position.line} | `;
      return [
        `  at ${place}`,
        `${gutter}${source}`,
        `${" ".repeat(gutter.length + Math.min(position.column - 1, source.length))}^`,
      ];
    })
    .join("\n");
};
