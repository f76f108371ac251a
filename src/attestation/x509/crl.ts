import { fabricError, isFabricError } from "../../core/errors/fabric-error.ts";
import { bytesEqual } from "../../crypto/bytes.ts";
import { sha256Hex } from "../../crypto/hashes.ts";
import {
  EXTENSION,
  type Extensions,
  readAuthorityKeyId,
  readExtensions,
} from "./certificate-extensions.ts";
import { derContent, openDer } from "./check-der.ts";
import { createDerReader, DER, derContext, derFault, type DerReader } from "./der-reader.ts";
import { readSmallInteger, readTime, readWholeBits, unsignedHex } from "./der-values.ts";
import { parseSignatureAlgorithm, type SignatureAlgorithm } from "./signature-algorithm.ts";

/** A list of revoked certificates as written (RFC 5280 section 5.1). Nothing is verified. */
export interface Crl {
  readonly der: Uint8Array;
  /** SHA-256 of `der` in hex. */
  readonly fingerprint: string;
  readonly tbs: Uint8Array;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signature: Uint8Array;
  readonly issuer: Uint8Array;
  /** ms since epoch. */
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  /** CRL number (RFC 5280 section 5.2.3): it only grows. */
  readonly number: bigint;
  readonly authorityKeyId: string | null;
  /** Serial numbers in hex, as in `Certificate.serial`. */
  readonly revoked: ReadonlySet<string>;
}

/** Largest CRL that is read; Intel's have 0.3 to 3 KB, AMD's less. */
export const MAX_CRL_BYTES = 1_048_576;
const WHAT = "a CRL";
/** Reason, invalidity date: what an entry may say without changing what the list means. */
const ENTRY_EXTENSIONS: readonly string[] = ["2.5.29.21", "2.5.29.24"];
const CRL_EXTENSIONS: readonly string[] = [EXTENSION.authorityKeyId, EXTENSION.crlNumber];

const checkCritical = (extensions: Extensions, known: readonly string[]): void => {
  for (const [oid, { critical }] of extensions)
    if (critical && !known.includes(oid))
      throw derFault(WHAT, `the critical extension ${oid.slice(0, 60)}`);
};

const readRevoked = (list: DerReader): ReadonlySet<string> => {
  const revoked = new Set<string>();
  while (!list.done()) {
    const entry = list.enter(DER.sequence);
    revoked.add(unsignedHex(entry.read(DER.integer), WHAT));
    readTime(entry, WHAT);
    if (!entry.done()) checkCritical(readExtensions(entry, WHAT), ENTRY_EXTENSIONS);
    entry.finish();
  }
  return revoked;
};

const readNumber = (extensions: Extensions): bigint => {
  const extension = extensions.get(EXTENSION.crlNumber);
  if (!extension) throw derFault(WHAT, "no CRL number");
  const hex = unsignedHex(derContent(extension.value, "a CRL number", 32, DER.integer), WHAT);
  return BigInt(`0x${hex}`);
};

const readBody = (body: DerReader) => {
  if (readSmallInteger(body, WHAT) !== 1) throw derFault(WHAT, "a version that is not 2");
  const algorithm = body.raw(DER.sequence);
  const issuer = body.raw(DER.sequence);
  const thisUpdate = readTime(body, WHAT);
  // Without it nobody could say whether the list is current.
  const nextUpdate = readTime(body, WHAT);
  const revoked =
    body.peek() === DER.sequence ? readRevoked(body.enter(DER.sequence)) : new Set<string>();
  const wrapped = body.enter(derContext(0));
  const extensions = readExtensions(wrapped, WHAT);
  wrapped.finish();
  body.finish();
  // Delta lists and lists of a part of the issuer's certificates mark themselves as critical: neither is enough.
  checkCritical(extensions, CRL_EXTENSIONS);
  return { algorithm, issuer, thisUpdate, nextUpdate, revoked, extensions };
};

const readCrl = (der: Uint8Array): Crl => {
  const fields = openDer(der, WHAT, MAX_CRL_BYTES);
  const tbs = fields.raw(DER.sequence);
  const algorithm = fields.raw(DER.sequence);
  const signature = readWholeBits(fields, WHAT);
  fields.finish();
  const body = readBody(createDerReader(tbs, WHAT).enter(DER.sequence));
  if (!bytesEqual(algorithm, body.algorithm))
    throw derFault(WHAT, "two different signature algorithms");
  return {
    der,
    fingerprint: sha256Hex(der),
    tbs,
    signatureAlgorithm: parseSignatureAlgorithm(algorithm),
    signature,
    issuer: body.issuer,
    thisUpdate: body.thisUpdate,
    nextUpdate: body.nextUpdate,
    number: readNumber(body.extensions),
    authorityKeyId: readAuthorityKeyId(body.extensions),
    revoked: body.revoked,
  };
};

/** Read exactly one complete CRL in DER (version 2). Throws `CRL_INVALID`. */
export const parseCrl = (der: Uint8Array): Crl => {
  try {
    return readCrl(der);
  } catch (error) {
    if (!isFabricError(error, "DER_INVALID")) throw error;
    throw fabricError("CRL_INVALID", { reason: error.message }, { cause: error });
  }
};
