import { sha256 } from "../../src/crypto/hashes.ts";
import { encodeBase64 } from "../../src/crypto/base64.ts";
import type { SigningKey } from "../../src/crypto/key-record.ts";
import { decodeBase64 } from "../../src/crypto/base64.ts";
import {
  bits,
  boolean,
  type Der,
  enumerated,
  fromDer,
  integer,
  octets,
  oid,
  sequence,
  setOf,
  tagged,
  time,
  toDer,
  unsigned,
  utf8,
} from "./der-writer.ts";

const ECDSA_SHA256 = "1.2.840.10045.4.3.2";
const COMMON_NAME = "2.5.4.3";
const ORGANIZATION = "2.5.4.10";
/** Uncompressed point behind the fixed head of a P-256 SPKI. */
const SPKI_HEAD = 26;

/** Who stands in every simulated certificate. */
const SIMULATOR = "Cryptlet Fabric simulator - NO HARDWARE ROOT";

/** A certificate that is to be signed. Times are ms since epoch; DER keeps seconds. */
export interface CertificateRequest {
  /** Common name; it must say that there is no hardware root. */
  readonly subject: string;
  readonly issuer: string;
  /** P-256 SPKI DER. */
  readonly publicKey: Uint8Array;
  readonly issuerPublicKey: Uint8Array;
  /** Big-endian, at most 20 bytes, not zero. */
  readonly serial: Uint8Array;
  readonly notBefore: number;
  readonly notAfter: number;
  /** Null for a leaf; else how many authorities may follow. */
  readonly pathLength: number | null;
  readonly crlUrl: string;
  readonly extensions?: readonly Der[];
}

const name = (commonName: string): Der =>
  sequence(
    setOf(sequence(oid(COMMON_NAME), utf8(commonName))),
    setOf(sequence(oid(ORGANIZATION), utf8(SIMULATOR))),
  );

/** Truncated SHA-256 of the public key (RFC 7093 section 2, method 1). */
const keyIdentifier = (spki: Uint8Array): Uint8Array =>
  sha256(spki.subarray(SPKI_HEAD)).subarray(0, 20);

/** One extension of a certificate or a CRL. */
export const extension = (id: string, value: Der, critical = false): Der =>
  sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(toDer(value)));

const authorityKey = (spki: Uint8Array): Der =>
  extension("2.5.29.35", sequence(tagged(0, keyIdentifier(spki))));

/** SPKI DER of a P-256 signing key. */
export const spkiOf = (key: SigningKey): Uint8Array =>
  decodeBase64(key.record.publicKey, "public key");

const signed = (content: Der, key: SigningKey): Uint8Array => {
  const signature = key.sign(toDer(content));
  const pair = sequence(unsigned(signature.subarray(0, 32)), unsigned(signature.subarray(32)));
  return toDer(sequence(content, sequence(oid(ECDSA_SHA256)), bits(toDer(pair))));
};

/** Sign a certificate (RFC 5280) with the issuer's P-256 key. DER. */
export const writeCertificate = (
  request: CertificateRequest,
  issuerKey: SigningKey,
): Uint8Array => {
  const { pathLength, publicKey } = request;
  const isAuthority = pathLength !== null;
  const constraints = isAuthority ? sequence(boolean(true), integer(pathLength)) : sequence();
  // keyCertSign + cRLSign, or digitalSignature + nonRepudiation.
  const usage = isAuthority ? bits(Uint8Array.from([0x06]), 1) : bits(Uint8Array.from([0xc0]), 6);
  const url = tagged(6, new TextEncoder().encode(request.crlUrl));
  const extensions = [
    authorityKey(request.issuerPublicKey),
    extension("2.5.29.31", sequence(sequence(tagged(0, tagged(0, url))))),
    extension("2.5.29.14", octets(keyIdentifier(publicKey))),
    extension("2.5.29.15", usage, true),
    extension("2.5.29.19", constraints, true),
    ...(request.extensions ?? []),
  ];
  const content = sequence(
    tagged(0, integer(2)),
    unsigned(request.serial),
    sequence(oid(ECDSA_SHA256)),
    name(request.issuer),
    sequence(time(request.notBefore), time(request.notAfter)),
    name(request.subject),
    fromDer(publicKey),
    tagged(3, sequence(...extensions)),
  );
  return signed(content, issuerKey);
};

/** A revocation list that is to be signed. */
export interface RevocationRequest {
  readonly issuer: string;
  readonly issuerPublicKey: Uint8Array;
  readonly number: number;
  /** ms since epoch. */
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  /** Serials; each counts as revoked from `thisUpdate` for a compromised key. */
  readonly revoked: readonly Uint8Array[];
}

/** Sign a revocation list (RFC 5280 section 5) with the issuer's P-256 key. DER. */
export const writeRevocationList = (
  request: RevocationRequest,
  issuerKey: SigningKey,
): Uint8Array => {
  const { revoked, thisUpdate } = request;
  const keyCompromise = extension("2.5.29.21", enumerated(1));
  const entries = revoked.map((serial) =>
    sequence(unsigned(serial), time(thisUpdate), sequence(keyCompromise)),
  );
  const content = sequence(
    integer(1),
    sequence(oid(ECDSA_SHA256)),
    name(request.issuer),
    time(thisUpdate),
    time(request.nextUpdate),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    tagged(
      0,
      sequence(
        extension("2.5.29.20", integer(request.number)),
        authorityKey(request.issuerPublicKey),
      ),
    ),
  );
  return signed(content, issuerKey);
};

/** PEM text of certificates, leaf first. */
export const certificatesToPem = (...certificates: readonly Uint8Array[]): string =>
  certificates
    .map((der) => {
      const lines = encodeBase64(der).match(/.{1,64}/g) ?? [];
      return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
    })
    .join("");
