import forge from "node-forge";

// node-forge writes DER well but signs RSA only: P-256 signatures come from src/crypto. @peculiar/x509 would do both, with
// a dozen packages.

const { asn1 } = forge;
const { Class, Type } = asn1;

/** One DER element. */
export type Der = forge.asn1.Asn1;

const binary = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
const primitive = (type: forge.asn1.Type, bytes: Uint8Array): Der =>
  asn1.create(Class.UNIVERSAL, type, false, binary(bytes));

export const sequence = (...items: readonly Der[]): Der =>
  asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, [...items]);

export const setOf = (item: Der): Der => asn1.create(Class.UNIVERSAL, Type.SET, true, [item]);

export const oid = (dotted: string): Der =>
  asn1.create(Class.UNIVERSAL, Type.OID, false, asn1.oidToDer(dotted).getBytes());

/** Unsigned INTEGER of big-endian bytes, in the shortest form. */
export const unsigned = (bytes: Uint8Array): Der => {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const short = bytes.subarray(start);
  const sign = (short[0] ?? 0) >= 0x80 ? [0] : [];
  return primitive(Type.INTEGER, Uint8Array.from([...sign, ...short]));
};

/** INTEGER of a number that is not negative. */
export const integer = (value: number): Der => {
  const text = value.toString(16);
  return unsigned(Buffer.from(text.padStart(text.length + (text.length % 2), "0"), "hex"));
};

export const enumerated = (value: number): Der =>
  primitive(Type.ENUMERATED, Uint8Array.from([value]));
export const boolean = (value: boolean): Der =>
  primitive(Type.BOOLEAN, Uint8Array.from([value ? 0xff : 0]));
export const octets = (bytes: Uint8Array): Der => primitive(Type.OCTETSTRING, bytes);
export const utf8 = (text: string): Der => primitive(Type.UTF8, new TextEncoder().encode(text));

/** BIT STRING; `unused` low bits of the last byte do not count. */
export const bits = (bytes: Uint8Array, unused = 0): Der =>
  primitive(Type.BITSTRING, Uint8Array.from([unused, ...bytes]));

/** Context tags by number: node-forge's types know the universal names of those numbers only. */
const CONTEXT_TAGS = { 0: Type.NONE, 3: Type.BITSTRING, 6: Type.OID } as const;

/** `[tag]` around another element, or with bytes of its own. */
export const tagged = (tag: keyof typeof CONTEXT_TAGS, content: Der | Uint8Array): Der =>
  content instanceof Uint8Array
    ? asn1.create(Class.CONTEXT_SPECIFIC, CONTEXT_TAGS[tag], false, binary(content))
    : asn1.create(Class.CONTEXT_SPECIFIC, CONTEXT_TAGS[tag], true, [content]);

/** UTCTime to 2049, GeneralizedTime after it (RFC 5280 section 4.1.2.5). `at` in ms since epoch. */
export const time = (at: number): Der => {
  const text = new Date(at).toISOString().replaceAll(/[-:T]|\.\d{3}/g, "");
  const isShort = new Date(at).getUTCFullYear() < 2050;
  return asn1.create(
    Class.UNIVERSAL,
    isShort ? Type.UTCTIME : Type.GENERALIZEDTIME,
    false,
    isShort ? text.slice(2) : text,
  );
};

/** An element that was written before. */
export const fromDer = (der: Uint8Array): Der => asn1.fromDer(binary(der), true);

export const toDer = (element: Der): Uint8Array =>
  new Uint8Array(Buffer.from(asn1.toDer(element).getBytes(), "latin1"));
