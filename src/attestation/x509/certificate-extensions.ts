import { bytesToHex } from "../../crypto/bytes.ts";
import { derContent, openDer } from "./check-der.ts";
import { DER, derFault, type DerReader } from "./der-reader.ts";
import { oidText, readSmallInteger } from "./der-values.ts";

/** One extension of a certificate, a CRL or a CRL's entry. */
export interface Extension {
  readonly critical: boolean;
  /** What the OCTET STRING holds; not parsed yet. */
  readonly value: Uint8Array;
}
/** Extensions by dotted object identifier. */
export type Extensions = ReadonlyMap<string, Extension>;

/** Object identifiers of RFC 5280 that are understood here. */
export const EXTENSION = {
  subjectKeyId: "2.5.29.14",
  keyUsage: "2.5.29.15",
  basicConstraints: "2.5.29.19",
  crlNumber: "2.5.29.20",
  authorityKeyId: "2.5.29.35",
} as const;

/** Bits of keyUsage that are asked for (RFC 5280 section 4.2.1.3). */
export const KEY_USAGE = { digitalSignature: 0, keyCertSign: 5, crlSign: 6 } as const;

const MAX_EXTENSIONS = 32;
const MAX_EXTENSION_BYTES = 16_384;

/** The next value as Extensions; none twice. Throws `DER_INVALID`. */
export const readExtensions = (reader: DerReader, what: string): Extensions => {
  const list = reader.enter(DER.sequence);
  const extensions = new Map<string, Extension>();
  while (!list.done()) {
    const fields = list.enter(DER.sequence);
    const oid = oidText(fields.read(DER.oid));
    const critical = fields.optional(DER.boolean);
    if (critical?.[0] === 0) throw derFault(what, "a default that is written out");
    const value = fields.read(DER.octetString);
    fields.finish();
    if (extensions.has(oid) || extensions.size === MAX_EXTENSIONS)
      throw derFault(what, "an extension twice, or too many of them");
    extensions.set(oid, { critical: critical !== undefined, value });
  }
  if (extensions.size === 0) throw derFault(what, "an empty list of extensions");
  return extensions;
};

const openExtension = (extensions: Extensions, oid: string, what: string) => {
  const extension = extensions.get(oid);
  return extension && openDer(extension.value, what, MAX_EXTENSION_BYTES);
};

/** What basicConstraints says; without it a certificate is no CA. Throws `DER_INVALID`. */
export const readBasicConstraints = (
  extensions: Extensions,
): { readonly isCa: boolean; readonly pathLength: number | null } => {
  const what = "basicConstraints";
  const fields = openExtension(extensions, EXTENSION.basicConstraints, what);
  if (!fields) return { isCa: false, pathLength: null };
  const flag = fields.optional(DER.boolean);
  // `cA FALSE` written out is not DER, and common: AWS and others do it. It can only take a right away.
  const isCa = flag?.[0] === 0xff;
  const pathLength = fields.done() ? null : readSmallInteger(fields, what);
  fields.finish();
  if (pathLength !== null && !isCa) throw derFault(what, "a path length without CA");
  return { isCa, pathLength };
};

/** Test of a keyUsage bit; null when the certificate does not limit its key. Throws `DER_INVALID`. */
export const readKeyUsage = (extensions: Extensions): ((bit: number) => boolean) | null => {
  const what = "keyUsage";
  const extension = extensions.get(EXTENSION.keyUsage);
  if (!extension) return null;
  const bytes = derContent(extension.value, what, 16, DER.bitString).subarray(1);
  if (bytes.length === 0 || bytes.length > 2) throw derFault(what, "its bits");
  return (bit) => (((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 1;
};

/** Subject key identifier in hex; null without. Throws `DER_INVALID`. */
export const readSubjectKeyId = (extensions: Extensions): string | null => {
  const extension = extensions.get(EXTENSION.subjectKeyId);
  if (!extension) return null;
  return bytesToHex(derContent(extension.value, "subjectKeyIdentifier", 256, DER.octetString));
};

/** Key identifier of the authority key identifier in hex; null without. Throws `DER_INVALID`. */
export const readAuthorityKeyId = (extensions: Extensions): string | null => {
  const fields = openExtension(extensions, EXTENSION.authorityKeyId, "authorityKeyIdentifier");
  const id = fields?.optional(0x80);
  return id === undefined ? null : bytesToHex(id);
};
