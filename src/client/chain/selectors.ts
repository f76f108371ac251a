import { bytesToHex } from "../../crypto/bytes.ts";
import { keccak256 } from "../../crypto/hashes.ts";
import type { Hex } from "./chain-port.ts";

const known = new Map<string, Hex>();

/** First four bytes of the hash of a function's or an error's signature (Solidity ABI). */
export const selectorOf = (signature: string): Hex => {
  const found = known.get(signature);
  if (found) return found;
  const hash = bytesToHex(keccak256(new TextEncoder().encode(signature)));
  const selector: Hex = `0x${hash.slice(0, 8)}`;
  known.set(signature, selector);
  return selector;
};
