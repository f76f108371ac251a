import { fabricError } from "../../core/errors/fabric-error.ts";
import { bytesEqual, concatBytes, hexToBytes } from "../../crypto/bytes.ts";
import { openDer } from "./check-der.ts";
import { createDerReader, DER, derFault, type DerReader } from "./der-reader.ts";
import { oidText, readWholeBits, unsignedHex } from "./der-values.ts";

/** Curves on which keys are read. */
export type EcCurve = "p256" | "p384";

/** A public key, taken out of its SubjectPublicKeyInfo. */
export type PublicKey = EcPublicKey | RsaPublicKey;

/** Point on a curve. */
export interface EcPublicKey {
  readonly kind: "ec";
  readonly curve: EcCurve;
  /** Uncompressed: 04, x, y. That it lies on the curve is checked where it verifies. */
  readonly point: Uint8Array;
  readonly spki: Uint8Array;
}

/** RSA, 2048 to 4096 bits. */
export interface RsaPublicKey {
  readonly kind: "rsa";
  /** Big-endian, without sign byte. */
  readonly modulus: Uint8Array;
  readonly exponent: number;
  readonly spki: Uint8Array;
}

const EC_KEY = "1.2.840.10045.2.1";
const RSA_KEY = "1.2.840.113549.1.1.1";
const CURVES: Readonly<Record<string, { readonly curve: EcCurve; readonly size: number }>> = {
  "1.2.840.10045.3.1.7": { curve: "p256", size: 32 },
  "1.3.132.0.34": { curve: "p384", size: 48 },
};
const P256_SPKI = hexToBytes("3059301306072a8648ce3d020106082a8648ce3d030107034200");
const WHAT = "a public key";
const MAX_RSA_BYTES = 1_024;

const readEc = (curveOid: Uint8Array, point: Uint8Array, spki: Uint8Array): EcPublicKey => {
  const oid = oidText(curveOid);
  const found = Object.hasOwn(CURVES, oid) ? CURVES[oid] : undefined;
  if (found === undefined) throw derFault(WHAT, `the curve ${oid.slice(0, 60)}`);
  if (point.length !== 2 * found.size + 1 || point[0] !== 4)
    throw derFault(WHAT, "a point that is not uncompressed");
  return { kind: "ec", curve: found.curve, point, spki };
};

const readRsa = (bits: Uint8Array, spki: Uint8Array): RsaPublicKey => {
  const numbers = openDer(bits, WHAT, MAX_RSA_BYTES);
  const modulus = hexToBytes(unsignedHex(numbers.read(DER.integer), WHAT));
  const exponent = unsignedHex(numbers.read(DER.integer), WHAT);
  numbers.finish();
  if (modulus.length < 256 || modulus.length > 512 || ((modulus.at(-1) ?? 0) & 1) === 0)
    throw derFault(WHAT, "an RSA modulus of less than 2048 or more than 4096 bits");
  if (exponent.length > 8 || exponent === "01" || (Number.parseInt(exponent, 16) & 1) === 0)
    throw derFault(WHAT, "an RSA exponent");
  return { kind: "rsa", modulus, exponent: Number.parseInt(exponent, 16), spki };
};

/** The next value as SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7, RFC 5480, RFC 8017). Throws `DER_INVALID`. */
export const readPublicKey = (reader: DerReader): PublicKey => {
  const spki = reader.raw(DER.sequence);
  const fields = createDerReader(spki, WHAT).enter(DER.sequence);
  const algorithm = fields.enter(DER.sequence);
  const oid = oidText(algorithm.read(DER.oid));
  const parameter = algorithm.any();
  algorithm.finish();
  const bits = readWholeBits(fields, WHAT);
  fields.finish();
  if (oid === EC_KEY && parameter.tag === DER.oid) return readEc(parameter.content, bits, spki);
  if (oid === RSA_KEY && parameter.tag === DER.null) return readRsa(bits, spki);
  throw derFault(WHAT, `the algorithm ${oid.slice(0, 60)}`);
};

/** P-256 key of its raw x and y, 64 bytes. Throws `PUBLIC_KEY_INVALID`. */
export const p256PublicKey = (xy: Uint8Array): EcPublicKey => {
  if (xy.length !== 64)
    throw fabricError("PUBLIC_KEY_INVALID", { suite: "p256", reason: "it is not 64 bytes" });
  const point = concatBytes(Uint8Array.of(4), xy);
  return { kind: "ec", curve: "p256", point, spki: concatBytes(P256_SPKI, point) };
};

/** True for two keys with the same bytes. */
export const samePublicKey = (a: PublicKey, b: PublicKey): boolean => bytesEqual(a.spki, b.spki);
