import { createDerReader, DER, derFault, type DerReader, readDerHeader } from "./der-reader.ts";

/** Deepest nesting that is read: certificates and CRLs need eight. */
export const MAX_DER_DEPTH = 16;

const CONSTRUCTED = 0x20;
const CLASS = 0xc0;
/** Universal types that are written as a container, the others never are (X.690 section 10.2). */
const isContainer = (tag: number): boolean => tag === DER.sequence || tag === DER.set;

const checkInteger = (bytes: Uint8Array, start: number, end: number): string | null => {
  if (start === end) return "an integer without content";
  const first = bytes[start] ?? 0;
  const second = bytes[start + 1] ?? 0;
  if (end - start < 2) return null;
  const padded = (first === 0 && second < 0x80) || (first === 0xff && second >= 0x80);
  return padded ? "an integer in more bytes than it needs" : null;
};

const checkBitString = (bytes: Uint8Array, start: number, end: number): string | null => {
  const unused = bytes[start] ?? 8;
  if (start === end || unused > 7 || (unused > 0 && end - start < 2)) return "a bit string's count";
  const last = bytes[end - 1] ?? 0;
  return unused > 0 && (last & ((1 << unused) - 1)) !== 0 ? "unused bits that are set" : null;
};

const checkOid = (bytes: Uint8Array, start: number, end: number): string | null => {
  if (start === end || (bytes[end - 1] ?? 0x80) >= 0x80) return "an object identifier's end";
  let fresh = true;
  for (let i = start; i < end; i++) {
    if (fresh && bytes[i] === 0x80) return "a padded object identifier";
    fresh = (bytes[i] ?? 0) < 0x80;
  }
  return null;
};

/** What is wrong with the content of a primitive value of the universal class; null when nothing is. */
const checkContent = (
  tag: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): string | null => {
  switch (tag) {
    case DER.boolean: {
      const value = bytes[start];
      return end - start === 1 && (value === 0 || value === 0xff) ? null : "a boolean";
    }
    case DER.integer:
    case DER.enumerated:
      return checkInteger(bytes, start, end);
    case DER.bitString:
      return checkBitString(bytes, start, end);
    case DER.oid:
      return checkOid(bytes, start, end);
    case DER.null:
      return start === end ? null : "a null with content";
    default:
      return tag === 0 ? "tag 0" : null;
  }
};

/**
 * Check that `bytes` are exactly one DER value (X.690), all the way down: definite and minimal lengths, canonical
 * integers, booleans, bit strings and identifiers, bounded depth, nothing behind it. Contents of OCTET STRINGs and of
 * primitive context tags are opaque here. No recursion. Throws `DER_INVALID`; `what` names it in the message.
 */
export const checkDer = (bytes: Uint8Array, what: string, maxBytes: number): void => {
  if (bytes.length > maxBytes)
    throw derFault(what, `it has ${bytes.length} bytes, ${maxBytes} are read`);
  const ends = new Int32Array(MAX_DER_DEPTH + 1);
  ends[0] = bytes.length;
  let depth = 0;
  let at = 0;
  do {
    const { tag, start, end } = readDerHeader(bytes, at, ends[depth] ?? 0, what);
    if (depth === 0 && end !== bytes.length) throw derFault(what, "bytes behind its end");
    const constructed = (tag & CONSTRUCTED) !== 0;
    if ((tag & CLASS) === 0 && constructed !== isContainer(tag | CONSTRUCTED))
      throw derFault(what, `tag ${tag}`);
    if (constructed) {
      depth++;
      if (depth > MAX_DER_DEPTH) throw derFault(what, `nesting deeper than ${MAX_DER_DEPTH}`);
      ends[depth] = end;
      at = start;
    } else {
      const fault = (tag & CLASS) === 0 ? checkContent(tag, bytes, start, end) : null;
      if (fault !== null) throw derFault(what, fault);
      at = end;
    }
    while (depth > 0 && at === ends[depth]) depth--;
  } while (depth > 0);
};

/** Check `bytes` and take the content of the one value that they are. Throws `DER_INVALID`. */
export const derContent = (
  bytes: Uint8Array,
  what: string,
  maxBytes: number,
  tag: number,
): Uint8Array => {
  checkDer(bytes, what, maxBytes);
  return createDerReader(bytes, what).read(tag);
};

/**
 * Check `bytes` and open the SEQUENCE that they are. Throws `DER_INVALID`.
 * @example
 * ```ts
 * const fields = openDer(der, "the certificate", 16_384);
 * const tbs = fields.raw(DER.sequence);
 * ```
 */
export const openDer = (bytes: Uint8Array, what: string, maxBytes: number): DerReader =>
  createDerReader(derContent(bytes, what, maxBytes, DER.sequence), what);
