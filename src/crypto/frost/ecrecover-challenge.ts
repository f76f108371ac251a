import { secp256k1 } from "@noble/curves/secp256k1.js";
import { bytesToHex, concatBytes } from "../bytes.ts";
import { keccak256 } from "../hashes.ts";

const { Point } = secp256k1;
/** A point of secp256k1. */
export type CurvePoint = InstanceType<typeof Point>;

/** n of secp256k1 (SEC 2 section 2.4.1). */
export const GROUP_ORDER = Point.Fn.ORDER;

/** 32 bytes, big-endian. Throws for what is no scalar. */
export const wordOf = (value: bigint): Uint8Array => {
  const word = new Uint8Array(32);
  const view = new DataView(word.buffer);
  for (let at = 0; at < 4; at++)
    view.setBigUint64(24 - 8 * at, BigInt.asUintN(64, value >> BigInt(64 * at)));
  return word;
};

/** Last 20 bytes of the keccak-256 of a point's coordinates. */
export const pointAddress = (point: CurvePoint): Uint8Array =>
  keccak256(point.toBytes(false).subarray(1)).subarray(12);

/** 27 for an even y, 28 for an odd one. */
const parityOf = (key: CurvePoint): number => (key.y & 1n ? 28 : 27);

/**
 * e = keccak256(Px (32) || parity (1) || message hash (32) || address of R (20)) mod n: what a contract can compute,
 * because of R it has only the address that `ecrecover` gives. The key stands in it, so that a signature holds for no
 * related key. The bias of the reduction is 2^-128.
 */
export const challengeOf = (
  key: CurvePoint,
  messageHash: Uint8Array,
  addressOfR: Uint8Array,
): bigint => {
  const digest = keccak256(
    concatBytes(wordOf(key.x), Uint8Array.of(parityOf(key)), messageHash, addressOfR),
  );
  return Point.Fn.create(BigInt(`0x${bytesToHex(digest)}`));
};
