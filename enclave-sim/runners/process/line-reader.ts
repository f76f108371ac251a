const LINE_FEED = 0x0a;

/** Cuts bytes into lines, each no longer than a bound. */
export interface LineReader {
  /** Throws a `RangeError` when a line goes on for too long; what is read afterwards is lost. */
  push(chunk: Uint8Array): void;
  /** Bytes behind the last line feed. */
  readonly rest: number;
}

/**
 * Reader of a program's lines. Bytes are counted as they come: a line without an end never fills the memory.
 * @example
 * ```ts
 * const reader = createLineReader(1_024, (line) => console.log(line.length));
 * ```
 */
export const createLineReader = (
  maxBytes: number,
  onLine: (line: Uint8Array) => void,
): LineReader => {
  let parts: Uint8Array[] = [];
  let rest = 0;
  const keep = (part: Uint8Array) => {
    rest += part.length;
    if (rest > maxBytes) {
      parts = [];
      throw new RangeError(`a line of more than ${maxBytes} bytes`);
    }
    if (part.length > 0) parts.push(part);
  };
  return {
    get rest() {
      return rest;
    },
    push: (chunk) => {
      let from = 0;
      for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, from)) {
        keep(chunk.subarray(from, at));
        const line = Buffer.concat(parts);
        parts = [];
        rest = 0;
        from = at + 1;
        onLine(line);
      }
      keep(chunk.subarray(from));
    },
  };
};
