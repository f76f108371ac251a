import { constants, createPublicKey, createSign, type KeyObject, verify } from "node:crypto";
import forge from "node-forge";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { type Digest, digestHex } from "../../src/core/ids.ts";
import { bytesEqual, bytesToHex, concatBytes, hexToBytes } from "../../src/crypto/bytes.ts";
import { sha256Hex } from "../../src/crypto/hashes.ts";

// SIGSTRUCT: Intel SDM volume 3D, section 38.13. Numbers are little-endian.

export const SIGSTRUCT_BYTES = 1_808;
const RSA_BYTES = 384;
const HEADER = hexToBytes("06000000e10000000000010000000000");
const HEADER2 = hexToBytes("01010000600000006000000001000000");
/** INIT and MODE64; every flag but DEBUG must be as it stands here. */
const ATTRIBUTES = hexToBytes("0500000000000000e700000000000000");
const ATTRIBUTES_MASK = hexToBytes("fdffffffffffffff0000000000000000");
const AT = {
  date: 20,
  header2: 24,
  modulus: 128,
  exponent: 512,
  signature: 516,
  miscMask: 904,
  attributes: 928,
  attributesMask: 944,
  enclaveHash: 960,
  prodId: 1_024,
  svn: 1_026,
  q1: 1_040,
  q2: 1_424,
} as const;

/** What a publisher's SIGSTRUCT says about a package. */
export interface SignedPackage {
  readonly measurement: Digest;
  /** SHA-256 of the little-endian modulus, hex. */
  readonly mrsigner: string;
  readonly prodId: number;
  readonly svn: number;
  /** `yyyymmdd` */
  readonly date: string;
}

const toNumber = (littleEndian: Uint8Array): bigint =>
  BigInt(`0x${bytesToHex(Uint8Array.from(littleEndian).toReversed())}`);
const toBytes = (value: bigint): Uint8Array =>
  hexToBytes(value.toString(16).padStart(2 * RSA_BYTES, "0"), RSA_BYTES).toReversed();

/** The two quotients with which a processor checks a signature without dividing. */
const quotients = (signature: bigint, modulus: bigint) => {
  const q1 = (signature * signature) / modulus;
  const remainder = signature * signature - q1 * modulus;
  return { q1, q2: (remainder * signature) / modulus };
};

const signedPart = (bytes: Uint8Array): Uint8Array =>
  concatBytes(bytes.subarray(0, AT.modulus), bytes.subarray(900, 1_028));

const invalid = (reason: string, cause?: unknown) =>
  fabricError("SIGSTRUCT_INVALID", { reason }, { cause });

/** Modulus of an RSA public key with 3,072 bits and exponent 3. Throws `SIGSTRUCT_INVALID`. */
const modulusOf = (key: KeyObject): bigint => {
  const details = key.asymmetricKeyDetails;
  if (key.asymmetricKeyType !== "rsa" || details?.modulusLength !== 8 * RSA_BYTES)
    throw invalid("the publisher's key is not RSA with 3,072 bits");
  if (details.publicExponent !== 3n) throw invalid("the publisher's key has not the exponent 3");
  const pem = createPublicKey(key).export({ type: "spki", format: "pem" });
  return BigInt(`0x${forge.pki.publicKeyFromPem(pem.toString()).n.toString(16)}`);
};

/**
 * Sign a measurement as a publisher. `key` is the private RSA-3072 key with exponent 3; `at` in ms since epoch.
 * node:crypto signs, because node-forge's arithmetic is not constant in time; node-forge reads the modulus.
 * Throws `SIGSTRUCT_INVALID`.
 */
export const createSigstruct = (
  content: { readonly measurement: Digest; readonly prodId: number; readonly svn: number },
  { key, at }: { readonly key: KeyObject; readonly at: number },
): Uint8Array => {
  const modulus = modulusOf(key);
  const bytes = new Uint8Array(SIGSTRUCT_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(HEADER, 0);
  const date = new Date(at).toISOString().slice(0, 10).replaceAll("-", "");
  view.setUint32(AT.date, Number.parseInt(date, 16), true);
  bytes.set(HEADER2, AT.header2);
  bytes.set(toBytes(modulus), AT.modulus);
  view.setUint32(AT.exponent, 3, true);
  view.setUint32(AT.miscMask, 0xffff_ffff, true);
  bytes.set(ATTRIBUTES, AT.attributes);
  bytes.set(ATTRIBUTES_MASK, AT.attributesMask);
  bytes.set(hexToBytes(digestHex(content.measurement), 32), AT.enclaveHash);
  view.setUint16(AT.prodId, content.prodId, true);
  view.setUint16(AT.svn, content.svn, true);
  const signature = createSign("sha256")
    .update(signedPart(bytes))
    .sign({ key, padding: constants.RSA_PKCS1_PADDING });
  const number = BigInt(`0x${signature.toString("hex")}`);
  const { q1, q2 } = quotients(number, modulus);
  bytes.set(toBytes(number), AT.signature);
  bytes.set(toBytes(q1), AT.q1);
  bytes.set(toBytes(q2), AT.q2);
  return bytes;
};

const uncheckedKey = (modulus: Uint8Array): KeyObject => {
  try {
    const n = Buffer.from(modulus.toReversed()).toString("base64url");
    return createPublicKey({ key: { kty: "RSA", n, e: "Aw" }, format: "jwk" });
  } catch (error) {
    throw invalid("its modulus is no RSA key", error);
  }
};

/** Bytes that no SIGSTRUCT of this fabric uses: each must be zero, or one publisher could write two meanings. */
const RESERVED: readonly (readonly [number, number])[] = [
  [16, 20],
  [40, 128],
  [900, 904],
  [908, 928],
  [992, 1_024],
  [1_028, 1_040],
];

/**
 * Verify a SIGSTRUCT: layout, the publisher's signature and both quotients. Whose key it is, is for a policy.
 * Throws `SIGSTRUCT_INVALID`.
 * @example
 * ```ts
 * const { mrsigner, svn } = readSigstruct(await readFile("sigstruct.bin"));
 * ```
 */
export const readSigstruct = (bytes: Uint8Array): SignedPackage => {
  if (bytes.length !== SIGSTRUCT_BYTES)
    throw invalid(`it has ${bytes.length} bytes instead of ${SIGSTRUCT_BYTES}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const part = (at: number, length: number) => bytes.subarray(at, at + length);
  if (!bytesEqual(part(0, 16), HEADER) || !bytesEqual(part(AT.header2, 16), HEADER2))
    throw invalid("its header is not that of an enclave's signature");
  if (RESERVED.some(([from, to]) => bytes.subarray(from, to).some((byte) => byte !== 0)))
    throw invalid("a reserved field is not zero");
  if (view.getUint32(AT.exponent, true) !== 3) throw invalid("the exponent is not 3");
  if (
    view.getUint32(AT.miscMask, true) !== 0xffff_ffff ||
    !bytesEqual(part(AT.attributes, 16), ATTRIBUTES) ||
    !bytesEqual(part(AT.attributesMask, 16), ATTRIBUTES_MASK)
  )
    throw invalid("it asks for other attributes");
  const modulus = part(AT.modulus, RSA_BYTES);
  const key = uncheckedKey(modulus);
  if (key.asymmetricKeyDetails?.modulusLength !== 8 * RSA_BYTES)
    throw invalid("the publisher's key has not 3,072 bits");
  const signature = part(AT.signature, RSA_BYTES);
  const padding = constants.RSA_PKCS1_PADDING;
  if (!verify("sha256", signedPart(bytes), { key, padding }, signature.toReversed()))
    throw invalid("the publisher's signature does not hold");
  const { q1, q2 } = quotients(toNumber(signature), toNumber(modulus));
  if (toNumber(part(AT.q1, RSA_BYTES)) !== q1 || toNumber(part(AT.q2, RSA_BYTES)) !== q2)
    throw invalid("its quotients are not of this signature");
  return {
    measurement: `sha256:${bytesToHex(part(AT.enclaveHash, 32))}` as Digest,
    mrsigner: sha256Hex(modulus),
    prodId: view.getUint16(AT.prodId, true),
    svn: view.getUint16(AT.svn, true),
    date: view.getUint32(AT.date, true).toString(16).padStart(8, "0"),
  };
};
