import { bytesToHex } from "../../crypto/bytes.ts";
import { DER, derFault, type DerReader } from "./der-reader.ts";

/**
 * An object identifier in dotted text; arcs above 2^53 are refused. Throws `DER_INVALID`.
 * `content` was checked by `checkDer`.
 */
export const oidText = (content: Uint8Array): string => {
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of content) {
    arc = arc * 128 + (byte & 0x7f);
    if (!Number.isSafeInteger(arc)) throw derFault("an object identifier", "an arc above 2^53");
    if (byte >= 0x80) continue;
    if (arcs.length === 0) {
      const first = Math.min(2, Math.floor(arc / 40));
      arcs.push(first, arc - 40 * first);
    } else arcs.push(arc);
    arc = 0;
  }
  return arcs.join(".");
};

/** The next value as a non-negative number of at most six bytes. Throws `DER_INVALID`. */
export const readSmallInteger = (reader: DerReader, what: string, tag: number = DER.integer) => {
  const content = reader.read(tag);
  if ((content[0] ?? 0) >= 0x80) throw derFault(what, "a negative number");
  if (content.length > 6) throw derFault(what, "a number that is too large");
  let value = 0;
  for (const byte of content) value = value * 256 + byte;
  return value;
};

/** Content of an INTEGER as hex without its sign byte. Throws `DER_INVALID` for a negative one. */
export const unsignedHex = (content: Uint8Array, what: string): string => {
  if ((content[0] ?? 0) >= 0x80) throw derFault(what, "a negative number");
  return bytesToHex(content.length > 1 && content[0] === 0 ? content.subarray(1) : content);
};

/** Bytes of a BIT STRING without unused bits. Throws `DER_INVALID`. */
export const readWholeBits = (reader: DerReader, what: string): Uint8Array => {
  const content = reader.read(DER.bitString);
  if (content[0] !== 0) throw derFault(what, "a bit string that does not end at a byte");
  return content.subarray(1);
};

const ZERO = 0x30;
const ZULU = 0x5a;

/** Number of two digits; NaN for anything else. */
const twoDigits = (content: Uint8Array, at: number): number => {
  const high = (content[at] ?? 0) - ZERO;
  const low = (content[at + 1] ?? 0) - ZERO;
  return high >= 0 && high <= 9 && low >= 0 && low <= 9 ? 10 * high + low : Number.NaN;
};

/** `at`: where the month begins. */
const timeOf = (content: Uint8Array, year: number, at: number, what: string): number => {
  const month = twoDigits(content, at);
  const day = twoDigits(content, at + 2);
  const hour = twoDigits(content, at + 4);
  const minute = twoDigits(content, at + 6);
  const second = twoDigits(content, at + 8);
  const time = Date.UTC(year, month - 1, day, hour, minute, second);
  // Date.UTC carries over: the 31st of February comes back as a day of March.
  const canonical = month <= 12 && hour <= 23 && minute <= 59 && second <= 59;
  if (!canonical || !Number.isFinite(time) || new Date(time).getUTCDate() !== day)
    throw derFault(what, "no such time");
  return time;
};

/**
 * The next value as a time in ms since epoch: UTCTime up to 2049, GeneralizedTime from 2050, in seconds and UTC (RFC
 * 5280 section 4.1.2.5). Throws `DER_INVALID`.
 */
export const readTime = (reader: DerReader, what: string): number => {
  const { tag, content } = reader.any();
  const { length } = content;
  const short = twoDigits(content, 0);
  if (content[length - 1] === ZULU && tag === DER.utcTime && length === 13)
    return timeOf(content, short < 50 ? 2000 + short : 1900 + short, 2, what);
  const year = 100 * short + twoDigits(content, 2);
  if (content[length - 1] === ZULU && tag === DER.generalizedTime && length === 15 && year >= 2050)
    return timeOf(content, year, 4, what);
  throw derFault(what, "a time in a form that RFC 5280 does not have");
};
