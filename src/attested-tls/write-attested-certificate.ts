import { type KeyObject, randomBytes, sign } from "node:crypto";
import forge from "node-forge";
import { encodeBase64 } from "../crypto/base64.ts";
import {
  BASIC_CONSTRAINTS_OID,
  CERTIFICATE_NAME,
  COMMON_NAME_OID,
  ECDSA_SHA256_OID,
  EVIDENCE_OID,
  EXTENDED_KEY_USAGE_OID,
  KEY_USAGE_OID,
} from "./certificate-profile.ts";

// node-forge signs RSA only, so it writes DER here and node:crypto signs. @peculiar/x509 would do both, with ten packages
// and a reflection polyfill; our strict reader (src/attestation/x509) writes nothing.

const { asn1 } = forge;
const { Class, Type } = asn1;
type Der = forge.asn1.Asn1;

const constructed = (type: forge.asn1.Type, value: Der[]): Der =>
  asn1.create(Class.UNIVERSAL, type, true, value);
const primitive = (type: forge.asn1.Type, value: string): Der =>
  asn1.create(Class.UNIVERSAL, type, false, value);
const sequence = (...value: Der[]): Der => constructed(Type.SEQUENCE, value);
const oid = (text: string): Der => primitive(Type.OID, asn1.oidToDer(text).getBytes());
const binary = (bytes: Uint8Array): string => Buffer.from(bytes).toString("binary");
/** `[0]` and `[3]`; node-forge counts tags of every class by the names of the universal ones. */
const context = (tag: forge.asn1.Type.NONE | forge.asn1.Type.BITSTRING, value: Der[]): Der =>
  asn1.create(Class.CONTEXT_SPECIFIC, tag, true, value);
const derOf = (value: Der): string => asn1.toDer(value).getBytes();

const extension = (id: string, isCritical: boolean, content: string): Der =>
  sequence(
    oid(id),
    ...(isCritical ? [primitive(Type.BOOLEAN, "\xff")] : []),
    primitive(Type.OCTETSTRING, content),
  );

/** RFC 5280 section 4.1.2.5: UTCTime up to 2049. */
const time = (ms: number): Der => {
  const text = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return ms < Date.UTC(2050, 0, 1)
    ? primitive(Type.UTCTIME, text.slice(2))
    : primitive(Type.GENERALIZEDTIME, text);
};

const name = (): Der =>
  sequence(
    constructed(Type.SET, [sequence(oid(COMMON_NAME_OID), primitive(Type.UTF8, CERTIFICATE_NAME))]),
  );

const signatureAlgorithm = (): Der => sequence(oid(ECDSA_SHA256_OID));

/** DER of the wrapped evidence's certificate, signed by the key that it names. */
export const writeAttestedCertificate = (facts: {
  readonly privateKey: KeyObject;
  readonly spki: Uint8Array;
  /** Content of the evidence extension; null for a certificate without one. */
  readonly wrapper: Uint8Array | null;
  /** ms since epoch; certificates count whole seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
}): Uint8Array => {
  // Positive and without a leading zero: the first bit of a DER integer is its sign.
  const serial = `\x01${binary(randomBytes(15))}`;
  const extensions = [
    extension(BASIC_CONSTRAINTS_OID, true, derOf(sequence())),
    // digitalSignature: bit 0, seven bits unused.
    extension(KEY_USAGE_OID, true, derOf(primitive(Type.BITSTRING, "\x07\x80"))),
    // serverAuth and clientAuth: two hosts may take either part.
    extension(
      EXTENDED_KEY_USAGE_OID,
      false,
      derOf(sequence(oid("1.3.6.1.5.5.7.3.1"), oid("1.3.6.1.5.5.7.3.2"))),
    ),
    ...(facts.wrapper ? [extension(EVIDENCE_OID, false, binary(facts.wrapper))] : []),
  ];
  const tbs = sequence(
    context(Type.NONE, [primitive(Type.INTEGER, "\x02")]),
    primitive(Type.INTEGER, serial),
    signatureAlgorithm(),
    name(),
    sequence(time(facts.notBefore), time(facts.notAfter)),
    name(),
    asn1.fromDer(binary(facts.spki)),
    context(Type.BITSTRING, [sequence(...extensions)]),
  );
  const signature = sign("sha256", Buffer.from(derOf(tbs), "binary"), facts.privateKey);
  const whole = sequence(
    tbs,
    signatureAlgorithm(),
    primitive(Type.BITSTRING, `\0${binary(signature)}`),
  );
  return Uint8Array.from(Buffer.from(derOf(whole), "binary"));
};

/** PEM text (RFC 7468) of a certificate. */
export const certificateToPem = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${(encodeBase64(der).match(/.{1,64}/g) ?? []).join("\n")}\n-----END CERTIFICATE-----\n`;
