import { fabricError } from "../../core/errors/fabric-error.ts";

/** Reads a quote's fields in order, little-endian; whatever is missing is `QUOTE_MALFORMED`. */
export interface ByteReader {
  /** Bytes read so far. */
  position(): number;
  bytes(length: number): Uint8Array;
  u16(): number;
  u32(): number;
  /** Everything behind. */
  rest(): Uint8Array;
  /** Throws `QUOTE_MALFORMED` unless everything was read. */
  finish(what: string): void;
}

export const malformed = (reason: string) => fabricError("QUOTE_MALFORMED", { reason });

/** Reader over `bytes`, which are shared and not copied. Its functions throw `QUOTE_MALFORMED`. */
export const createByteReader = (source: Uint8Array): ByteReader => {
  let at = 0;
  const bytes = (length: number): Uint8Array => {
    if (length > source.length - at) throw malformed(`it ends ${length} bytes too early`);
    const part = source.subarray(at, at + length);
    at += length;
    return part;
  };
  const number = (length: number): number => {
    let value = 0;
    for (const [i, byte] of bytes(length).entries()) value += byte * 2 ** (8 * i);
    return value;
  };
  return {
    position: () => at,
    bytes,
    u16: () => number(2),
    u32: () => number(4),
    rest: () => bytes(source.length - at),
    finish: (what) => {
      if (at !== source.length) throw malformed(`bytes behind ${what}`);
    },
  };
};
