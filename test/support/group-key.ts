import { secp256k1 } from "@noble/curves/secp256k1.js";
import { concat, computeAddress, getBytes, keccak256, toBeHex } from "ethers";
import { addressSchema, type Address } from "../../src/core/ids.ts";
import { preAuthEncoding } from "../../src/envelope/dsse.ts";
import { OBSERVATION_SOLABI_TYPE } from "../../src/envelope/observation.ts";
import { namedSecret } from "./feed-fixture.ts";

const { n } = secp256k1.Point.CURVE();
const { BASE } = secp256k1.Point;
const modN = (value: bigint): bigint => ((value % n) + n) % n;

/** One secret that signs as a group does: what k members compute together, a verifier cannot tell from this. */
export interface WholeGroupKey {
  readonly address: Address;
  readonly x: bigint;
  readonly parity: 27 | 28;
  /** z (32 bytes) and the address of R (20) over keccak-256 of a message; the nonce is the hash of both, as a test needs. */
  sign(message: Uint8Array): Uint8Array;
  /** Signs the on-chain form of an observation. */
  signPayload(payload: Uint8Array): Uint8Array;
}

const addressOfPoint = (point: InstanceType<typeof secp256k1.Point>): string =>
  computeAddress(`0x${point.toHex(false)}`);

/** A group key with a secret of its own that one test holds as a whole. */
export const namedGroupKey = (name: string): WholeGroupKey => {
  const secret = modN(BigInt(namedSecret(`group ${name}`)));
  const point = BASE.multiply(secret);
  const { x, y } = point.toAffine();
  const parity = y % 2n === 0n ? 27 : 28;
  const sign = (message: Uint8Array): Uint8Array => {
    const hash = keccak256(message);
    const k = modN(BigInt(keccak256(concat([toBeHex(secret, 32), hash]))));
    const commitment = addressOfPoint(BASE.multiply(k));
    const challenge = keccak256(concat([toBeHex(x, 32), toBeHex(parity, 1), hash, commitment]));
    const z = modN(k + modN(BigInt(challenge)) * secret);
    return getBytes(concat([toBeHex(z, 32), commitment]));
  };
  return {
    address: addressSchema.parse(addressOfPoint(point).toLowerCase()),
    x,
    parity,
    sign,
    signPayload: (payload) => sign(preAuthEncoding(OBSERVATION_SOLABI_TYPE, payload)),
  };
};
