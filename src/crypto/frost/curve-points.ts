import { secp256k1 } from "@noble/curves/secp256k1.js";
import { hexToBytes } from "../bytes.ts";
import type { CurvePoint } from "./ecrecover-challenge.ts";

/** A point of the group that is not its identity, from 33 bytes in hex. Throws for anything else. */
export const readPoint = (hex: string): CurvePoint => {
  const point = secp256k1.Point.fromBytes(hexToBytes(hex, 33));
  point.assertValidity();
  return point;
};
