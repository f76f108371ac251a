import { rescale } from "../core/decimal.ts";
import { parseDecimal } from "../core/parse-decimal.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { Digest, FeedHash } from "../core/ids.ts";
import { bytesToHex, bytesToPrefixedHex, writeHex } from "../crypto/bytes.ts";
import type { Observation } from "./observation.ts";

/**
 * What a contract checks of an observation. Standard ABI encoding of
 * `(bytes32 feedHash, uint64 round, int256 value, uint64 observedAt, uint64 validUntil, bytes32 statementDigest)`.
 */
export interface OnchainObservation {
  readonly feedHash: FeedHash;
  /** 1 to 2^32 - 1. */
  readonly round: number;
  /** 10^-decimals of the feed's unit. */
  readonly value: bigint;
  /** Seconds since epoch, rounded down. */
  readonly observedAt: number;
  /** Seconds since epoch, rounded down: never later than the statement says. */
  readonly validUntil: number;
  /** SHA-256 of the JSON payload: both forms are one fact. */
  readonly statementDigest: Digest;
}

/** Six words of 32 bytes. */
export const SOLABI_LENGTH = 192;

const MAX_ROUND = 0xffff_ffff;
/** The year 9999. */
const MAX_SECONDS = 253_402_300_799;
const INT256_LIMIT = 2n ** 255n;
const DIGEST_PREFIX = "sha256:";
const WORD_MASK = 2n ** 64n - 1n;

const refuse = (reason: string): never => {
  throw fabricError("STATEMENT_MALFORMED", { reason });
};

const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1_000);

/**
 * The value as the integer that goes on chain: at the feed's decimals, nothing lost.
 * Throws `VALUE_NOT_ENCODABLE` for a record, for more digits than decimals, for what int256 cannot hold.
 */
export const onchainValue = (value: Observation["value"]): bigint => {
  if (value.kind !== "decimal")
    throw fabricError("VALUE_NOT_ENCODABLE", { reason: "it is a record" });
  const written = parseDecimal(value.text);
  if (written.decimals > value.decimals)
    throw fabricError("VALUE_NOT_ENCODABLE", { reason: "it has more digits than decimals" });
  const scaled = rescale(written, value.decimals).value;
  if (scaled >= INT256_LIMIT || scaled < -INT256_LIMIT)
    throw fabricError("VALUE_NOT_ENCODABLE", { reason: "it does not fit int256" });
  return scaled;
};

/** The on-chain form of a statement. Throws `VALUE_NOT_ENCODABLE`. */
export const toOnchainObservation = (
  observation: Observation,
  statementDigest: Digest,
): OnchainObservation => ({
  feedHash: observation.subject.feedHash,
  round: observation.subject.round,
  value: onchainValue(observation.value),
  observedAt: seconds(observation.observedAt),
  validUntil: seconds(observation.validUntil),
  statementDigest,
});

const checkNumber = (value: number, max: number, field: string): number =>
  Number.isSafeInteger(value) && value >= 0 && value <= max ? value : refuse(`${field} is wrong`);

/** The 192 bytes that are signed for contracts. Throws `STATEMENT_MALFORMED`, `HEX_INVALID`. */
export const encodeOnchainObservation = (observation: OnchainObservation): Uint8Array => {
  const { value } = observation;
  if (value >= INT256_LIMIT || value < -INT256_LIMIT) refuse("value does not fit int256");
  const bytes = new Uint8Array(SOLABI_LENGTH);
  const view = new DataView(bytes.buffer);
  writeHex(observation.feedHash, bytes, 0, 32);
  // A 64-bit number of JavaScript's safe range: two 32-bit halves are far cheaper than a bigint.
  const putNumber = (number: number, offset: number) => {
    view.setUint32(offset + 24, Math.floor(number / 2 ** 32));
    view.setUint32(offset + 28, number % 2 ** 32);
  };
  putNumber(checkNumber(observation.round, MAX_ROUND, "round"), 32);
  view.setBigInt64(64, value >> 192n);
  view.setBigUint64(72, (value >> 128n) & WORD_MASK);
  view.setBigUint64(80, (value >> 64n) & WORD_MASK);
  view.setBigUint64(88, value & WORD_MASK);
  putNumber(checkNumber(observation.observedAt, MAX_SECONDS, "observedAt"), 96);
  putNumber(checkNumber(observation.validUntil, MAX_SECONDS, "validUntil"), 128);
  writeHex(observation.statementDigest.slice(DIGEST_PREFIX.length), bytes, 160, 32);
  return bytes;
};

/** Read the tuple after its signature held. Throws `STATEMENT_MALFORMED`. */
export const decodeOnchainObservation = (bytes: Uint8Array): OnchainObservation => {
  if (bytes.length !== SOLABI_LENGTH) return refuse(`it has ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const takeNumber = (offset: number, max: number, field: string): number => {
    for (let i = offset; i < offset + 24; i += 4)
      if (view.getUint32(i) !== 0) return refuse(`${field} is too large`);
    return checkNumber(
      view.getUint32(offset + 24) * 2 ** 32 + view.getUint32(offset + 28),
      max,
      field,
    );
  };
  const value =
    (view.getBigInt64(64) << 192n) |
    (view.getBigUint64(72) << 128n) |
    (view.getBigUint64(80) << 64n) |
    view.getBigUint64(88);
  return {
    feedHash: bytesToPrefixedHex(bytes.subarray(0, 32)) as FeedHash,
    round: takeNumber(32, MAX_ROUND, "round"),
    value,
    observedAt: takeNumber(96, MAX_SECONDS, "observedAt"),
    validUntil: takeNumber(128, MAX_SECONDS, "validUntil"),
    statementDigest: `${DIGEST_PREFIX}${bytesToHex(bytes.subarray(160))}` as Digest,
  };
};
