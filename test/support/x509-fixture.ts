import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import {
  bitString,
  commonName,
  der,
  explicit,
  extension,
  integer,
  octets,
  oid,
  sequence,
  time,
} from "./der-writer.ts";

/** A key that signs certificates, with its name. */
export interface Issuer {
  readonly name: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const SHA384 = sequence(oid("2.16.840.1.101.3.4.2.2"), der(0x05));
const PSS = sequence(
  oid("1.2.840.113549.1.1.10"),
  sequence(
    explicit(0, SHA384),
    explicit(1, sequence(oid("1.2.840.113549.1.1.8"), SHA384)),
    explicit(2, integer(48)),
  ),
);
const ECDSA = sequence(oid("1.2.840.10045.4.3.3"));

/** A new key: RSA as AMD's roots have, P-384 as AWS's and all leaves. */
export const createIssuer = (name: string, kind: "rsa" | "p384"): Issuer => ({
  name,
  ...(kind === "rsa"
    ? generateKeyPairSync("rsa", { modulusLength: 2048 })
    : generateKeyPairSync("ec", { namedCurve: "P-384" })),
});

const signed = (tbs: Uint8Array, algorithm: Uint8Array, { privateKey }: Issuer): Buffer => {
  const key =
    privateKey.asymmetricKeyType === "rsa"
      ? { key: privateKey, padding: 6 /* RSA_PKCS1_PSS_PADDING */, saltLength: 48 }
      : { key: privateKey, dsaEncoding: "der" as const };
  return sequence(tbs, algorithm, bitString(sign("sha384", tbs, key)));
};

const algorithmOf = ({ privateKey }: Issuer): Buffer =>
  privateKey.asymmetricKeyType === "rsa" ? PSS : ECDSA;

const spkiOf = ({ publicKey }: Issuer): Buffer => publicKey.export({ format: "der", type: "spki" });

const keyId = (issuer: Issuer): Buffer => createHash("sha1").update(spkiOf(issuer)).digest();

/** What a certificate says; CA by default with the rights that RFC 5280 asks for. */
export interface CertificateShape {
  readonly subject: Issuer;
  readonly issuer: Issuer;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly ca: boolean;
  readonly serial?: number;
  readonly extensions?: readonly Uint8Array[];
}

/** DER of a certificate. */
export const writeCertificate = (shape: CertificateShape): Buffer => {
  const { subject, issuer, ca } = shape;
  const algorithm = algorithmOf(issuer);
  const own = ca
    ? [
        extension("2.5.29.19", sequence(der(0x01, Buffer.of(0xff))), true),
        extension("2.5.29.15", der(0x03, Buffer.of(1, 0x06)), true),
        extension("2.5.29.14", octets(keyId(subject))),
      ]
    : [extension("2.5.29.15", der(0x03, Buffer.of(7, 0x80)), true)];
  const tbs = sequence(
    explicit(0, integer(2)),
    integer(shape.serial ?? 0),
    algorithm,
    commonName(issuer.name),
    sequence(time(shape.notBefore), time(shape.notAfter)),
    commonName(subject.name),
    spkiOf(subject),
    explicit(3, sequence(...own, ...(shape.extensions ?? []))),
  );
  return signed(tbs, algorithm, issuer);
};

/** DER of a list of revoked serial numbers. */
export const writeCrl = (shape: {
  readonly issuer: Issuer;
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  readonly revoked?: readonly number[];
}): Buffer => {
  const { issuer, thisUpdate, nextUpdate, revoked = [] } = shape;
  const algorithm = algorithmOf(issuer);
  const entries = revoked.map((serial) => sequence(integer(serial), time(thisUpdate)));
  const tbs = sequence(
    integer(1),
    algorithm,
    commonName(issuer.name),
    time(thisUpdate),
    time(nextUpdate),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    explicit(
      0,
      sequence(
        extension("2.5.29.35", sequence(der(0x80, keyId(issuer)))),
        extension("2.5.29.20", integer(1)),
      ),
    ),
  );
  return signed(tbs, algorithm, issuer);
};
