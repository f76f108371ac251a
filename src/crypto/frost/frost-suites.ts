import { createFROST, type FROST } from "@noble/curves/abstract/frost.js";
import { secp256k1, secp256k1_hasher } from "@noble/curves/secp256k1.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { challengeOf, type CurvePoint, pointAddress } from "./ecrecover-challenge.ts";

/**
 * FROST over secp256k1 with SHA-256 (RFC 9591 section 6.5) under a context string of its own, so that nothing of one suite
 * is anything in another. `challenge` replaces H2; without it the suite is the RFC's.
 */
export const defineFrostSuite = (
  contextString: string,
  challenge?: (R: CurvePoint, key: CurvePoint, message: Uint8Array) => bigint,
): FROST =>
  createFROST({
    name: contextString,
    Point: secp256k1.Point,
    hashToScalar: secp256k1_hasher.hashToScalar,
    hash: sha256,
    ...(challenge ? { challenge } : {}),
  });

/** RFC 9591's own name of the suite, for its vectors. */
export const RFC_CONTEXT = "FROST-secp256k1-SHA256-v1";

/** Signs 32-byte hashes with the challenge that `ecrecover` can check. */
export const ecrecoverFrost = defineFrostSuite(
  "CRYPTLET-FROST-secp256k1-keccak256-ecrecover-v1",
  (R, key, messageHash) => {
    const e = challengeOf(key, messageHash, pointAddress(R));
    if (e === 0n) throw fabricError("FROST_AGGREGATION_FAILED", { reason: "the challenge is 0" });
    return e;
  },
);

/** Proofs of knowledge of a dealing's secret: Schnorr signatures that are nothing else. */
export const proofFrost = defineFrostSuite("CRYPTLET-FROST-secp256k1-proof-of-knowledge-v1");

/** An index as noble writes identifiers. */
export const identifierOf = (index: number): string => ecrecoverFrost.Identifier.fromNumber(index);
