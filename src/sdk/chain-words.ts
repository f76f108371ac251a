import type { ChainResult } from "./abi.ts";
import { guestError } from "./guest-error.ts";

/** Hex digits of one word of the contract ABI: 32 bytes. */
const WORD = 64;
const LIMIT = 2n ** 255n;
/** Last second of the year 9999. */
const MAX_TIME_S = 253_402_300_799n;

const refuse = (place: number, reason: string): Error =>
  guestError("SOURCE_SHAPE", { path: `word ${place}`, reason });

/**
 * The words of what a contract returned (Solidity ABI, static types): each method reads one by its place, from 0.
 * Throws `SOURCE_SHAPE` for a revert, for too few words, and for a word that is no value of the type.
 */
export interface ChainWords {
  /** Unsigned integer of any width. */
  uint(place: number): bigint;
  /** Signed integer of any width, two's complement. */
  int(place: number): bigint;
  boolean(place: number): boolean;
  /** `0x` and 40 lower-case hex digits. */
  address(place: number): string;
  /** ms since epoch of a time in seconds, as contracts keep it. */
  time(place: number): number;
}

/**
 * Reads a result of `ctx.chain.read`.
 * @example
 * ```ts
 * const { results } = ctx.chain.read("ethereum", [{ kind: "call", contract, data: "0x50d25bcd" }]);
 * readWords(results[0]).int(0); // -1250n
 * ```
 */
export const readWords = (result: ChainResult | undefined): ChainWords => {
  const word = (place: number): string => {
    if (result?.kind !== "call") throw refuse(place, "not the result of a call");
    if (!result.ok) throw refuse(place, "the call reverted");
    const start = 2 + place * WORD;
    const hex = result.data.slice(start, start + WORD);
    if (hex.length !== WORD || !/^[0-9a-f]*$/.test(hex))
      throw refuse(place, `the contract returned ${Math.max(0, result.data.length - 2) / 2} bytes`);
    return hex;
  };
  const uint = (place: number): bigint => BigInt(`0x${word(place)}`);
  return {
    uint,
    int: (place) => {
      const value = uint(place);
      return value < LIMIT ? value : value - 2n * LIMIT;
    },
    boolean: (place) => {
      const value = uint(place);
      if (value > 1n) throw refuse(place, "neither true nor false");
      return value === 1n;
    },
    address: (place) => {
      const hex = word(place);
      if (!hex.startsWith("0".repeat(24))) throw refuse(place, "not an address");
      return `0x${hex.slice(24)}`;
    },
    time: (place) => {
      const seconds = uint(place);
      if (seconds > MAX_TIME_S) throw refuse(place, "not a time");
      return Number(seconds) * 1_000;
    },
  };
};
