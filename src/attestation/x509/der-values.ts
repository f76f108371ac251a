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

const DIGITS = /^\d+Z$/;

const timeOf = (text: string, year: number, rest: string, what: string): number => {
  const [month = 0, day = 0, hour = 0, minute = 0, second = 0] = (rest.match(/\d\d/g) ?? []).map(
    Number,
  );
  const time = Date.UTC(year, month - 1, day, hour, minute, second);
  // Date.UTC carries over: the 31st of February comes back as a day of March.
  const canonical = new Date(time).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  if (canonical !== `${String(year).padStart(4, "0")}${rest}Z`)
    throw derFault(what, `the time ${text.slice(0, 20)}`);
  return time;
};

/**
 * The next value as a time in ms since epoch: UTCTime up to 2049, GeneralizedTime from 2050, in seconds and UTC (RFC
 * 5280 section 4.1.2.5). Throws `DER_INVALID`.
 */
export const readTime = (reader: DerReader, what: string): number => {
  const { tag, content } = reader.any();
  const text = String.fromCharCode(...content.subarray(0, 32));
  if (!DIGITS.test(text) || content.length > 32) throw derFault(what, "a time");
  if (tag === DER.utcTime && text.length === 13) {
    const short = Number(text.slice(0, 2));
    return timeOf(text, short < 50 ? 2000 + short : 1900 + short, text.slice(2, -1), what);
  }
  const year = Number(text.slice(0, 4));
  if (tag !== DER.generalizedTime || text.length !== 15 || year < 2050)
    throw derFault(what, "a time in a form that RFC 5280 does not have");
  return timeOf(text, year, text.slice(4, -1), what);
};
