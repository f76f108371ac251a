import { bytesEqual, bytesToHex, concatBytes, hexToBytes } from "../../crypto/bytes.ts";
import type { RsaPublicKey } from "./public-key.ts";

type Hash = (bytes: Uint8Array) => Uint8Array;

/** DigestInfo without the digest (RFC 8017 section 9.2, note 1), by the digest's length. */
const DIGEST_INFO: Readonly<Record<number, Uint8Array>> = {
  32: hexToBytes("3031300d060960864801650304020105000420"),
  48: hexToBytes("3041300d060960864801650304020205000430"),
  64: hexToBytes("3051300d060960864801650304020305000440"),
};

const toNumber = (bytes: Uint8Array): bigint => BigInt(`0x${bytesToHex(bytes)}`);

const raise = (base: bigint, exponent: number, modulus: bigint): bigint => {
  let result = 1n;
  let square = base;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
};

/** RSAVP1 (RFC 8017 section 5.2.2): the encoded message of a signature; null for one out of range. */
const open = (key: RsaPublicKey, signature: Uint8Array): Uint8Array | null => {
  if (signature.length !== key.modulus.length) return null;
  const modulus = toNumber(key.modulus);
  const number = toNumber(signature);
  if (number >= modulus) return null;
  const digits = raise(number, key.exponent, modulus).toString(16);
  return hexToBytes(digits.padStart(2 * key.modulus.length, "0"));
};

/** RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2.2): the one encoding there is, built again and compared. */
export const verifyRsaPkcs1 = (
  key: RsaPublicKey,
  hash: Hash,
  message: Uint8Array,
  signature: Uint8Array,
): boolean => {
  const encoded = open(key, signature);
  const digest = hash(message);
  const tail = concatBytes(DIGEST_INFO[digest.length] ?? new Uint8Array(), digest);
  if (encoded === null) return false;
  const padding = new Uint8Array(encoded.length - tail.length - 3).fill(0xff);
  return bytesEqual(encoded, concatBytes(Uint8Array.of(0, 1), padding, Uint8Array.of(0), tail));
};

/** MGF1 (RFC 8017 appendix B.2.1). */
const mask = (hash: Hash, seed: Uint8Array, length: number): Uint8Array => {
  const blocks: Uint8Array[] = [];
  for (let made = 0, i = 0; made < length; i++) {
    const block = hash(concatBytes(seed, Uint8Array.of(0, 0, i >> 8, i & 0xff)));
    blocks.push(block);
    made += block.length;
  }
  return concatBytes(...blocks).subarray(0, length);
};

/** RSASSA-PSS (RFC 8017 sections 8.1.2 and 9.1.2), MGF1 with the same hash, salt as long as the hash. */
export const verifyRsaPss = (
  key: RsaPublicKey,
  hash: Hash,
  message: Uint8Array,
  signature: Uint8Array,
): boolean => {
  const whole = open(key, signature);
  if (whole === null) return false;
  const digest = hash(message);
  const size = digest.length;
  const bits = toNumber(key.modulus).toString(2).length - 1;
  const length = Math.ceil(bits / 8);
  const encoded = whole.subarray(whole.length - length);
  const split = length - size - 1;
  if (split < size + 2 || encoded.at(-1) !== 0xbc) return false;
  if (length < whole.length && whole[0] !== 0) return false;
  const seed = encoded.subarray(split, split + size);
  const covered = encoded.subarray(0, split);
  const free = 0xff >> (8 * length - bits);
  if (((covered[0] ?? 0) & ~free) !== 0) return false;
  const pattern = mask(hash, seed, split);
  const block = covered.map((byte, i) => byte ^ (pattern[i] ?? 0));
  block[0] = (block[0] ?? 0) & free;
  const one = split - size - 1;
  if (block[one] !== 1 || block.subarray(0, one).some((byte) => byte !== 0)) return false;
  const again = hash(concatBytes(new Uint8Array(8), digest, block.subarray(one + 1)));
  return bytesEqual(again, seed);
};
