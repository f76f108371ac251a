import { bytesToHex } from "../../crypto/bytes.ts";
import { createDerReader, DER, derContext, derFault, type DerReader } from "./der-reader.ts";
import { oidText, readSmallInteger } from "./der-values.ts";

/** Hash under a signature. */
export type SignatureHash = "sha256" | "sha384" | "sha512";

/** How a certificate or CRL was signed. */
export interface SignatureAlgorithm {
  readonly scheme: "ecdsa" | "rsa-pkcs1" | "rsa-pss";
  readonly hash: SignatureHash;
}

const ECDSA: Readonly<Record<string, SignatureHash>> = {
  "1.2.840.10045.4.3.2": "sha256",
  "1.2.840.10045.4.3.3": "sha384",
  "1.2.840.10045.4.3.4": "sha512",
};
const RSA: Readonly<Record<string, SignatureHash>> = {
  "1.2.840.113549.1.1.11": "sha256",
  "1.2.840.113549.1.1.12": "sha384",
  "1.2.840.113549.1.1.13": "sha512",
};
const PSS = "1.2.840.113549.1.1.10";
const MGF1 = "1.2.840.113549.1.1.8";
const HASHES: Readonly<Record<string, { readonly hash: SignatureHash; readonly bytes: number }>> = {
  "2.16.840.1.101.3.4.2.1": { hash: "sha256", bytes: 32 },
  "2.16.840.1.101.3.4.2.2": { hash: "sha384", bytes: 48 },
  "2.16.840.1.101.3.4.2.3": { hash: "sha512", bytes: 64 },
};
const WHAT = "a signature algorithm";

const readHash = (outer: DerReader) => {
  const fields = outer.enter(DER.sequence);
  outer.finish();
  const oid = oidText(fields.read(DER.oid));
  if (!fields.done()) fields.read(DER.null);
  fields.finish();
  const found = Object.hasOwn(HASHES, oid) ? HASHES[oid] : undefined;
  if (found === undefined) throw derFault(WHAT, `the hash ${oid.slice(0, 60)}`);
  return found;
};

/** RSASSA-PSS-params (RFC 4055 section 3.1): one hash for both uses and a salt of its length; nothing by default. */
const readPss = (parameters: DerReader): SignatureAlgorithm => {
  const { hash, bytes } = readHash(parameters.enter(derContext(0)));
  const mask = parameters.enter(derContext(1));
  const maskFields = mask.enter(DER.sequence);
  mask.finish();
  if (oidText(maskFields.read(DER.oid)) !== MGF1) throw derFault(WHAT, "a mask that is not MGF1");
  const maskHash = readHash(maskFields);
  const salt = parameters.enter(derContext(2));
  if (maskHash.hash !== hash || readSmallInteger(salt, WHAT) !== bytes)
    throw derFault(WHAT, "PSS with two hashes or a short salt");
  salt.finish();
  // AMD writes the default trailer out, which DER does not allow; its meaning is the same.
  if (parameters.peek() === derContext(3)) {
    const trailer = parameters.enter(derContext(3));
    if (readSmallInteger(trailer, WHAT) !== 1) throw derFault(WHAT, "a PSS trailer");
    trailer.finish();
  }
  parameters.finish();
  return { scheme: "rsa-pss", hash };
};

/** Meaning of an AlgorithmIdentifier as written. SHA-1 and MD5 do not exist here. Throws `DER_INVALID`. */
export const parseSignatureAlgorithm = (raw: Uint8Array): SignatureAlgorithm => {
  const fields = createDerReader(raw, WHAT).enter(DER.sequence);
  const oid = oidText(fields.read(DER.oid));
  const ecdsa = Object.hasOwn(ECDSA, oid) ? ECDSA[oid] : undefined;
  if (ecdsa !== undefined) {
    fields.finish();
    return { scheme: "ecdsa", hash: ecdsa };
  }
  const rsa = Object.hasOwn(RSA, oid) ? RSA[oid] : undefined;
  if (rsa !== undefined) {
    fields.read(DER.null);
    fields.finish();
    return { scheme: "rsa-pkcs1", hash: rsa };
  }
  if (oid !== PSS) throw derFault(WHAT, bytesToHex(raw).slice(0, 60));
  const parameters = fields.enter(DER.sequence);
  fields.finish();
  return readPss(parameters);
};
