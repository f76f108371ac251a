import type { ErrorCode } from "../../core/errors/catalogue.ts";
import { fabricError, type FabricError } from "../../core/errors/fabric-error.ts";
import { batchAbi } from "./batch-abi.ts";
import { batchRefusals } from "./batch-refusals.ts";
import { feedAbi } from "./feed-abi.ts";

/** Status of a key in the order of `ICryptletKeys.Status`. */
export const keyStatuses = ["NONE", "ACTIVE", "OFFLINE", "DECOMMISSIONED", "COMPROMISED"] as const;

/** @see keyStatuses */
export type KeyStatus = (typeof keyStatuses)[number];

type Values = readonly unknown[];
/** Arguments are addresses, 32 bytes as hex, or integers. */
const text = (values: Values, index: number): string => {
  const value = values[index];
  return typeof value === "string" || typeof value === "bigint" ? value.toString() : "?";
};

/** One coded error for each custom error of a feed, by the error's name. */
const refusals: Readonly<Record<string, (values: Values) => FabricError>> = {
  WrongLength: (v) =>
    fabricError("ONCHAIN_LENGTH_WRONG", { expected: text(v, 0), actual: text(v, 1) }),
  WrongFeed: (v) => fabricError("ONCHAIN_FEED_WRONG", { feed: text(v, 0) }),
  ValueOutOfRange: (v) => fabricError("ONCHAIN_VALUE_OUT_OF_RANGE", { value: text(v, 0) }),
  NumberOutOfRange: (v) => fabricError("ONCHAIN_NUMBER_OUT_OF_RANGE", { number: text(v, 0) }),
  DuplicateRound: (v) => fabricError("ONCHAIN_ROUND_EXISTS", { round: text(v, 0) }),
  OldRound: (v) => fabricError("ONCHAIN_ROUND_OLD", { round: text(v, 0), latest: text(v, 1) }),
  RoundTooFar: (v) =>
    fabricError("ONCHAIN_ROUND_TOO_FAR", { round: text(v, 0), latest: text(v, 1) }),
  ObservedAtNotIncreasing: (v) =>
    fabricError("ONCHAIN_TIME_NOT_INCREASING", { observedAt: text(v, 0), latest: text(v, 1) }),
  FutureDated: (v) =>
    fabricError("ONCHAIN_FUTURE_DATED", { observedAt: text(v, 0), blockTime: text(v, 1) }),
  ObservationExpired: (v) =>
    fabricError("ONCHAIN_OBSERVATION_EXPIRED", { validUntil: text(v, 0), blockTime: text(v, 1) }),
  UnderSigned: (v) =>
    fabricError("ONCHAIN_UNDER_SIGNED", { signatures: text(v, 0), threshold: text(v, 1) }),
  MalleableSignature: (v) => fabricError("ONCHAIN_SIGNATURE_MALLEABLE", { position: text(v, 0) }),
  InvalidSignature: (v) => fabricError("ONCHAIN_SIGNATURE_INVALID", { position: text(v, 0) }),
  UnknownSigner: (v) => fabricError("ONCHAIN_SIGNER_UNKNOWN", { signer: text(v, 0) }),
  DuplicateSigner: (v) => fabricError("ONCHAIN_SIGNER_DUPLICATE", { signer: text(v, 0) }),
  KeyNotActive: (v) =>
    fabricError("ONCHAIN_KEY_NOT_ACTIVE", {
      signer: text(v, 0),
      status: keyStatuses[Number(v[1])] ?? text(v, 1),
    }),
  KeyExpired: (v) =>
    fabricError("ONCHAIN_KEY_EXPIRED", { signer: text(v, 0), notAfter: text(v, 1) }),
  WrongWorkload: (v) =>
    fabricError("ONCHAIN_WORKLOAD_WRONG", { signer: text(v, 0), workload: text(v, 1) }),
  SvnTooLow: (v) =>
    fabricError("ONCHAIN_SVN_TOO_LOW", {
      signer: text(v, 0),
      svn: text(v, 1),
      floor: text(v, 2),
    }),
  InvalidGroupSignature: () => fabricError("ONCHAIN_GROUP_SIGNATURE_INVALID", {}),
  GroupSuspended: (v) => fabricError("ONCHAIN_GROUP_SUSPENDED", { group: text(v, 0) }),
  GroupTooSmall: (v) =>
    fabricError("ONCHAIN_GROUP_TOO_SMALL", {
      group: text(v, 0),
      k: text(v, 1),
      threshold: text(v, 2),
    }),
  HardwareRequired: (v) => fabricError("ONCHAIN_HARDWARE_REQUIRED", { signer: text(v, 0) }),
  SignerNotAdmitted: (v) => fabricError("ONCHAIN_SIGNER_NOT_ADMITTED", { signer: text(v, 0) }),
  StaleSignerSet: () => fabricError("ONCHAIN_SIGNER_SET_STALE", {}),
  NotRegistry: (v) => fabricError("ONCHAIN_NOT_ALLOWED", { caller: text(v, 0) }),
  BadSignerSet: () => fabricError("ONCHAIN_SIGNER_SET_BAD", {}),
};

/** Names of the custom errors that have a code of their own. */
export const refusalNames: readonly string[] = Object.keys(refusals);

/** Codes that say: nothing is left to do, the chain has this round or a newer one. */
const OVERTAKEN: ReadonlySet<ErrorCode> = new Set([
  "ONCHAIN_ROUND_EXISTS",
  "ONCHAIN_ROUND_OLD",
  "ONCHAIN_TIME_NOT_INCREASING",
  "ONCHAIN_BATCH_EXISTS",
  "ONCHAIN_BATCH_OLD",
]);

export const isOvertaken = (code: ErrorCode): boolean => OVERTAKEN.has(code);

const parseRevert = (data: string) => {
  try {
    return feedAbi.parseError(data) ?? batchAbi.parseError(data);
  } catch {
    return null;
  }
};

/**
 * The coded error for a feed's revert data (`0x` hex), by its selector: node texts differ, selectors do not.
 * What is not an error of a feed becomes `ONCHAIN_REFUSED`.
 */
export const readRefusal = (data: string, contract: string): FabricError => {
  const parsed = parseRevert(data);
  const make = parsed ? refusals[parsed.name] : undefined;
  if (parsed && make) return make(parsed.args);
  const ofBatch = parsed ? batchRefusals[parsed.name] : undefined;
  if (parsed && ofBatch) return ofBatch((index) => text(parsed.args, index));
  const reason = parsed?.name ?? (data.length > 2 ? data.slice(0, 74) : "no reason");
  return fabricError("ONCHAIN_REFUSED", { contract, reason });
};
