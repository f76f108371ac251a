import { bytesEqual, concatBytes } from "../../../src/crypto/bytes.ts";

// Length-prefixed UTF-8, because JSON may need six bytes for one and the sealed form is bounded.

const LENGTH = 4;
const encoder = new TextEncoder();

/** Keys in the order of their UTF-8 bytes, which is that of their code points and the same in every language. */
export const compareKeys = (a: string, b: string): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b));

const withLength = (text: string): readonly Uint8Array[] => {
  const bytes = encoder.encode(text);
  const length = new Uint8Array(LENGTH);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return [length, bytes];
};

/** What a key and its value count against the quota, in bytes. */
export const entryBytes = (key: string, value: string): number =>
  Buffer.byteLength(key) + Buffer.byteLength(value);

/** Header, then keys and values in the order of the keys: one state has one byte string. */
export const encodeState = (header: string, entries: ReadonlyMap<string, string>): Uint8Array =>
  concatBytes(
    ...withLength(header),
    ...[...entries]
      .toSorted(([a], [b]) => compareKeys(a, b))
      .flatMap(([key, value]) => [...withLength(key), ...withLength(value)]),
  );

/** Null for bytes that `encodeState` would not write under this header. */
export const decodeState = (
  header: string,
  bytes: Uint8Array,
): ReadonlyMap<string, string> | null => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const texts: string[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + LENGTH > bytes.length) return null;
    const end = at + LENGTH + view.getUint32(at);
    if (end > bytes.length) return null;
    texts.push(decoder.decode(bytes.subarray(at + LENGTH, end)));
    at = end;
  }
  const [first, ...rest] = texts;
  if (first !== header || rest.length % 2 !== 0) return null;
  const entries = new Map<string, string>();
  for (let at = 0; at < rest.length; at += 2) entries.set(rest[at] ?? "", rest[at + 1] ?? "");
  return bytesEqual(encodeState(header, entries), bytes) ? entries : null;
};
