import { secp256k1 } from "@noble/curves/secp256k1.js";
import { fabricError } from "../../core/errors/fabric-error.ts";
import type { Address } from "../../core/ids.ts";
import { decodeBase64 } from "../base64.ts";
import type { KeyRecord } from "../key-record.ts";
import { suiteOf } from "../suites.ts";

/** A group's key as a contract takes it. */
export interface GroupPoint {
  readonly x: bigint;
  /** 27 for an even y, 28 for an odd one. */
  readonly parity: 27 | 28;
  readonly address: Address;
}

/**
 * x, parity and address of a group's key record. Throws `KEY_RECORD_INVALID`, `PUBLIC_KEY_INVALID`, `BASE64_INVALID`.
 * @example
 * ```ts
 * const { x, parity, address } = groupPoint(verifyGroupRecord(record).key);
 * ```
 */
export const groupPoint = (record: KeyRecord): GroupPoint => {
  const { keyid, suite, publicKey, address } = record;
  if (suite !== "schnorr-secp256k1-keccak256" || address === undefined)
    throw fabricError("KEY_RECORD_INVALID", { keyid, reason: "it is no group's key" });
  const point = secp256k1.Point.fromBytes(
    suiteOf(suite).importSpki(decodeBase64(publicKey, "public key")),
  );
  return { x: point.x, parity: point.y & 1n ? 28 : 27, address };
};
