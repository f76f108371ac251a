import { fabricError } from "../../core/errors/fabric-error.ts";

/** Tags of ASN.1's universal class as DER writes them (X.690 section 8). */
export const DER = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Context-specific tag `[n]` around other values. */
export const derContext = (n: number): number => 0xa0 | n;

/** Where one value stands: tag, first byte of its content and the byte after its end. */
export interface DerHeader {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

/** One value: its tag, its content, and both together as they were written. */
export interface DerValue {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly raw: Uint8Array;
}

export const derFault = (what: string, reason: string) =>
  fabricError("DER_INVALID", { what, reason });

/** Longest length that is read: 2^24 bytes, far above every limit of a caller. */
const MAX_LENGTH_BYTES = 3;

/** Header of the value at `at`; it ends at `limit` at the latest. Throws `DER_INVALID`. */
export const readDerHeader = (
  bytes: Uint8Array,
  at: number,
  limit: number,
  what: string,
): DerHeader => {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined || at + 2 > limit)
    throw derFault(what, "it ends inside a header");
  if ((tag & 0x1f) === 0x1f) throw derFault(what, "a tag above 30");
  if (first < 0x80) return within({ tag, start: at + 2, end: at + 2 + first }, limit, what);
  const count = first & 0x7f;
  if (count === 0) throw derFault(what, "an indefinite length");
  if (count > MAX_LENGTH_BYTES) throw derFault(what, "a length that is too long");
  let length = 0;
  for (let i = 0; i < count; i++) length = (length << 8) | (bytes[at + 2 + i] ?? 0);
  if (length < 0x80 || length < 2 ** (8 * (count - 1)))
    throw derFault(what, "a length in more bytes than it needs");
  const start = at + 2 + count;
  return within({ tag, start, end: start + length }, limit, what);
};

const within = (header: DerHeader, limit: number, what: string): DerHeader => {
  if (header.end > limit) throw derFault(what, "a value that ends behind its container");
  return header;
};

/** Reads the values of one container in order. */
export interface DerReader {
  /** True at the end. */
  done(): boolean;
  /** Tag of the next value; -1 at the end. */
  peek(): number;
  /** The next value, of whatever tag. Throws `DER_INVALID` at the end. */
  any(): DerValue;
  /** Content of the next value, which must have this tag. Throws `DER_INVALID`. */
  read(tag: number): Uint8Array;
  /** The next value as written, which must have this tag. Throws `DER_INVALID`. */
  raw(tag: number): Uint8Array;
  /** Content of the next value if it has this tag. */
  optional(tag: number): Uint8Array | undefined;
  /** The values inside the next one, which must have this tag. Throws `DER_INVALID`. */
  enter(tag: number): DerReader;
  /** Throws `DER_INVALID` unless everything was read. */
  finish(): void;
}

/** Reader over the content of a container that `checkDer` saw; see `openDer`. */
export const createDerReader = (bytes: Uint8Array, what: string): DerReader => {
  let at = 0;
  const any = (): DerValue => {
    const { tag, start, end } = readDerHeader(bytes, at, bytes.length, what);
    const value = { tag, content: bytes.subarray(start, end), raw: bytes.subarray(at, end) };
    at = end;
    return value;
  };
  const expect = (tag: number): DerValue => {
    if (bytes[at] !== tag)
      throw derFault(what, `tag ${bytes[at] ?? "none"} where ${tag} must stand`);
    return any();
  };
  return {
    done: () => at === bytes.length,
    peek: () => bytes[at] ?? -1,
    any,
    read: (tag) => expect(tag).content,
    raw: (tag) => expect(tag).raw,
    optional: (tag) => (bytes[at] === tag ? any().content : undefined),
    enter: (tag) => createDerReader(expect(tag).content, what),
    finish: () => {
      if (at !== bytes.length) throw derFault(what, "more values than its form has");
    },
  };
};
