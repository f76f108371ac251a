import { secp256k1 } from "@noble/curves/secp256k1.js";
import { fabricError } from "../../core/errors/fabric-error.ts";
import type { Digest } from "../../core/ids.ts";
import { bytesToHex, hexToBytes } from "../bytes.ts";
import { readPoint } from "./curve-points.ts";
import { type CurvePoint, GROUP_ORDER } from "./ecrecover-challenge.ts";
import { ecrecoverFrost, proofFrost } from "./frost-suites.ts";

const { Point } = secp256k1;
const { Fn } = Point;

/** Whom a dealing is of, and what it must look like. */
export interface DealingContext {
  readonly ceremony: Digest;
  /** Number of the dealer. */
  readonly dealer: number;
  /** New threshold: so many coefficients. */
  readonly threshold: number;
  /** New members. */
  readonly members: number;
}

/** What everybody sees of a dealing. */
export interface PublicDealing {
  /** Points of the polynomial's coefficients, constant first; compressed, in hex. */
  readonly commitment: readonly string[];
  /** Schnorr signature by the constant over ceremony and dealer: `R || z`, 65 bytes in hex. */
  readonly proof: string;
}

/** A dealing with its secret. */
export interface Dealing extends PublicDealing {
  /** f(index), 32 bytes. */
  shareFor(index: number): Uint8Array;
}

/** The ceremony stands in the proof, so that none of another ceremony can be said again (FROST20, section 5.1). */
const proofMessage = ({ ceremony, dealer }: DealingContext): Uint8Array =>
  new TextEncoder().encode(`cryptlet/frost/proof/v1\0${ceremony}\0${dealer}`);

/** Horner's rule over scalars. */
const evaluate = (coefficients: readonly bigint[], x: bigint): bigint =>
  coefficients.reduceRight((sum, each) => Fn.add(Fn.mul(sum, x), each), 0n);

/**
 * Deal a polynomial of degree k - 1: a random one, or with this constant (resharing). Polynomial and proof are noble's;
 * only the ceremony's name in the proof is ours.
 */
export const makeDealing = (context: DealingContext, constant?: Uint8Array): Dealing => {
  const { threshold, members } = context;
  const { coefficients, commitment } = ecrecoverFrost.utils.generateSecretPolynomial(
    { min: threshold, max: members },
    constant,
  );
  const proof = proofFrost.sign(proofMessage(context), Fn.toBytes(coefficients[0] ?? 0n));
  return {
    commitment: commitment.map(bytesToHex),
    proof: bytesToHex(proof),
    shareFor: (index) => Fn.toBytes(evaluate(coefficients, BigInt(index))),
  };
};

/** What is wrong with a dealing for all to see; null when nothing is. */
export const findDealingFault = (
  { commitment, proof }: PublicDealing,
  context: DealingContext,
  /** Resharing: what the constant's point must be. */
  constant: CurvePoint | null,
): string | null => {
  if (commitment.length !== context.threshold)
    return `${commitment.length} commitments where the threshold is ${context.threshold}`;
  try {
    const [first] = commitment.map(readPoint);
    if (!first) return "no commitment";
    if (constant && !first.equals(constant)) return "it deals something else than its old share";
    if (!proofFrost.verify(hexToBytes(proof, 65), proofMessage(context), first.toBytes()))
      return "its proof of knowledge does not hold";
  } catch {
    return "a commitment or its proof is malformed";
  }
  return null;
};

/** Sum of commitment[j] * x^j: what f(x) times the generator must be (RFC 9591 appendix C.2). */
const evaluatePoints = (points: readonly CurvePoint[], x: number): CurvePoint =>
  points.reduceRight((sum, each) => sum.multiplyUnsafe(BigInt(x)).add(each), Point.ZERO);

/** Whether a dealt share is the one that the commitment promises. */
export const isShareOf = (
  commitment: readonly string[],
  index: number,
  share: Uint8Array,
): boolean => {
  try {
    const expected = evaluatePoints(commitment.map(readPoint), index);
    return Point.BASE.multiply(Fn.fromBytes(share)).equals(expected);
  } catch {
    return false;
  }
};

/** Public outcome of a ceremony. */
export interface CombinedKey {
  readonly key: CurvePoint;
  /** Verifying share of each member, by index - 1. */
  readonly verifyingShares: readonly CurvePoint[];
}

/**
 * The group's key and everybody's verifying share of checked dealings.
 * Throws `FROST_KEY_UNUSABLE` (its x is no r for `ecrecover`; a share or the key is the identity).
 */
export const combineDealings = (
  dealings: readonly PublicDealing[],
  { threshold, members }: Pick<DealingContext, "threshold" | "members">,
): CombinedKey => {
  const commitments = dealings.map(({ commitment }) => commitment.map(readPoint));
  const sums = Array.from({ length: threshold }, (_, at) =>
    commitments.reduce((sum, each) => sum.add(each[at] ?? Point.ZERO), Point.ZERO),
  );
  const key = sums[0] ?? Point.ZERO;
  const verifyingShares = Array.from({ length: members }, (_, at) => evaluatePoints(sums, at + 1));
  if (key.is0() || key.x >= GROUP_ORDER || verifyingShares.some((share) => share.is0()))
    throw fabricError("FROST_KEY_UNUSABLE", {});
  return { key, verifyingShares };
};

/** Sum of the dealt shares, 32 bytes. */
export const combineShares = (shares: readonly Uint8Array[]): Uint8Array =>
  Fn.toBytes(shares.reduce((sum, share) => Fn.add(sum, Fn.fromBytes(share)), 0n));

/** Lagrange coefficient of `index` at 0 over the indices (RFC 9591 section 4.2). */
const lagrange = (index: number, indices: readonly number[]): bigint => {
  const x = BigInt(index);
  return indices.reduce((product, each) => {
    if (each === index) return product;
    const other = BigInt(each);
    return Fn.mul(product, Fn.div(other, Fn.create(other - x)));
  }, 1n);
};

/** What an old member deals at a resharing: its part of the key, given who deals. 32 bytes. */
export const resharedConstant = (
  share: Uint8Array,
  index: number,
  dealers: readonly number[],
): Uint8Array => Fn.toBytes(Fn.mul(lagrange(index, dealers), Fn.fromBytes(share)));

/** The point that this constant must have, by its old verifying share. */
export const resharedPoint = (
  verifyingShare: string,
  index: number,
  dealers: readonly number[],
): CurvePoint => readPoint(verifyingShare).multiplyUnsafe(lagrange(index, dealers));

/** Whether this share belongs to this verifying share. */
export const isShareFor = (share: Uint8Array, verifyingShare: string): boolean => {
  try {
    return Point.BASE.multiply(Fn.fromBytes(share)).equals(readPoint(verifyingShare));
  } catch {
    return false;
  }
};
