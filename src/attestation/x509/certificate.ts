import { fabricError, isFabricError } from "../../core/errors/fabric-error.ts";
import { bytesEqual } from "../../crypto/bytes.ts";
import { sha256Hex } from "../../crypto/hashes.ts";
import {
  type Extensions,
  readAuthorityKeyId,
  readBasicConstraints,
  readExtensions,
  readKeyUsage,
  readSubjectKeyId,
} from "./certificate-extensions.ts";
import { openDer } from "./check-der.ts";
import { createDerReader, DER, derContext, derFault, type DerReader } from "./der-reader.ts";
import { readSmallInteger, readTime, readWholeBits, unsignedHex } from "./der-values.ts";
import { commonNames } from "./distinguished-name.ts";
import { type PublicKey, readPublicKey } from "./public-key.ts";
import { parseSignatureAlgorithm, type SignatureAlgorithm } from "./signature-algorithm.ts";

/** A certificate as written (RFC 5280 section 4.1). Nothing is verified. */
export interface Certificate {
  readonly der: Uint8Array;
  /** SHA-256 of `der` in hex. */
  readonly fingerprint: string;
  /** Lower-case hex without sign byte. */
  readonly serial: string;
  /** The signed part, and how and with what it was signed. */
  readonly tbs: Uint8Array;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signature: Uint8Array;
  /** Names as written: equal when their bytes are. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** First common name of the subject, for messages: nothing is decided by it. */
  readonly name: string;
  /** ms since epoch, both ends inside. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKey: PublicKey;
  readonly isCa: boolean;
  readonly pathLength: number | null;
  /** Test of a keyUsage bit; null when the extension is missing. */
  readonly keyUsage: ((bit: number) => boolean) | null;
  /** Lower-case hex. */
  readonly subjectKeyId: string | null;
  readonly authorityKeyId: string | null;
  readonly extensions: Extensions;
}

/** Largest certificate that is read; real ones have 600 to 1,700 bytes. */
export const MAX_CERTIFICATE_BYTES = 16_384;
const WHAT = "a certificate";

const readBody = (body: DerReader) => {
  const version = body.enter(derContext(0));
  if (readSmallInteger(version, WHAT) !== 2) throw derFault(WHAT, "a version that is not 3");
  version.finish();
  const serial = unsignedHex(body.read(DER.integer), WHAT);
  if (serial.length > 40) throw derFault(WHAT, "a serial number of more than 20 bytes");
  const algorithm = body.raw(DER.sequence);
  const issuer = body.raw(DER.sequence);
  const validity = body.enter(DER.sequence);
  const notBefore = readTime(validity, WHAT);
  const notAfter = readTime(validity, WHAT);
  validity.finish();
  const subject = body.raw(DER.sequence);
  const publicKey = readPublicKey(body);
  const wrapped = body.enter(derContext(3));
  const extensions = readExtensions(wrapped, WHAT);
  wrapped.finish();
  body.finish();
  return { serial, algorithm, issuer, subject, notBefore, notAfter, publicKey, extensions };
};

const readCertificate = (der: Uint8Array): Certificate => {
  const fields = openDer(der, WHAT, MAX_CERTIFICATE_BYTES);
  const tbs = fields.raw(DER.sequence);
  const algorithm = fields.raw(DER.sequence);
  const signature = readWholeBits(fields, WHAT);
  fields.finish();
  const body = readBody(createDerReader(tbs, WHAT).enter(DER.sequence));
  if (!bytesEqual(algorithm, body.algorithm))
    throw derFault(WHAT, "two different signature algorithms");
  const { extensions } = body;
  return {
    der,
    fingerprint: sha256Hex(der),
    serial: body.serial,
    tbs,
    signatureAlgorithm: parseSignatureAlgorithm(algorithm),
    signature,
    issuer: body.issuer,
    subject: body.subject,
    name: commonNames(body.subject)[0] ?? "(no common name)",
    notBefore: body.notBefore,
    notAfter: body.notAfter,
    publicKey: body.publicKey,
    ...readBasicConstraints(extensions),
    keyUsage: readKeyUsage(extensions),
    subjectKeyId: readSubjectKeyId(extensions),
    authorityKeyId: readAuthorityKeyId(extensions),
    extensions,
  };
};

/**
 * Read exactly one certificate in DER: X.509 v3, strict. PEM text, inside or around, is never looked for.
 * Throws `CERTIFICATE_INVALID`.
 */
export const parseCertificate = (der: Uint8Array): Certificate => {
  try {
    return readCertificate(der);
  } catch (error) {
    if (!isFabricError(error, "DER_INVALID")) throw error;
    throw fabricError("CERTIFICATE_INVALID", { reason: error.message }, { cause: error });
  }
};
