import { concat, toBeHex } from "ethers";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { digestHex } from "../../core/ids.ts";
import { bytesToPrefixedHex } from "../../crypto/bytes.ts";
import { preAuthEncoding } from "../../envelope/dsse.ts";
import { OBSERVATION_SOLABI_TYPE } from "../../envelope/observation.ts";
import { decodeOnchainObservation } from "../../envelope/observation-solabi.ts";
import {
  encodeGroupSigners,
  encodeListSigners,
  GROUP_SIGNATURE_LENGTH,
  type GroupKey,
  type SignerSet,
} from "./encode-signers.ts";
import { feedAbi } from "./feed-abi.ts";

/** What the envelope holds: the signed bytes and signatures over their PAE. */
export interface SignedPayload {
  /** 192 bytes, see `encodeOnchainObservation`. */
  readonly payload: Uint8Array;
  /** Of single keys, 65 bytes each; of a group, 52 bytes: z (32) and the address of R (20). */
  readonly signatures: readonly Uint8Array[];
}

const UINT32_MAX = 0xffff_ffff;
const INT80_LIMIT = 2n ** 79n;
const UINT80_MASK = 2n ** 80n - 1n;

const checkUint32 = (number: number): bigint => {
  if (number > UINT32_MAX) throw fabricError("ONCHAIN_NUMBER_OUT_OF_RANGE", { number });
  return BigInt(number);
};

/** What both packed entries have in common: the report without the signers' part, and the digest. */
const encodeReport = (payload: Uint8Array) => {
  const { round, value, observedAt, validUntil, statementDigest } =
    decodeOnchainObservation(payload);
  if (value >= INT80_LIMIT || value < -INT80_LIMIT)
    throw fabricError("ONCHAIN_VALUE_OUT_OF_RANGE", { value });
  const validFor = checkUint32(validUntil) - checkUint32(observedAt);
  const report =
    (checkUint32(round) << 224n) |
    (BigInt(observedAt) << 192n) |
    ((value & UINT80_MASK) << 112n) |
    (validFor << 80n);
  return { report, validFor, digest: `0x${digestHex(statementDigest)}` };
};

/**
 * Calldata of the group's entry (layout: `IFeedStore.updateByGroup_RUALF`), `0x` hex. Null when no signature has a
 * group's form. Throws `STATEMENT_MALFORMED`, `ONCHAIN_VALUE_OUT_OF_RANGE`, `ONCHAIN_NUMBER_OUT_OF_RANGE`.
 */
export const encodeGroupUpdate = (
  { payload, signatures }: SignedPayload,
  group: GroupKey,
): string | null => {
  const { report, validFor, digest } = encodeReport(payload);
  const signers = encodeGroupSigners(signatures, group);
  if (signers === null || validFor < 0n) return null;
  return concat([
    feedAbi.encodeFunctionData("updateByGroup_RUALF", [
      toBeHex(report | signers.rules, 32),
      digest,
    ]),
    signers.part,
  ]);
};

/**
 * Calldata of the cheapest packed entry that fits, `0x` hex: the group's where the feed has a group and the message its
 * signature, else the list's (`IFeedStore.update_QJGga`) with as many signatures as the threshold asks for. Null when the
 * signatures do not fit the set: then `encodeSubmit` lets the contract say why.
 * Throws `STATEMENT_MALFORMED`, `ONCHAIN_VALUE_OUT_OF_RANGE`, `ONCHAIN_NUMBER_OUT_OF_RANGE`.
 */
export const encodeUpdate = (message: SignedPayload, set: SignerSet): string | null => {
  const byGroup = set.group ? encodeGroupUpdate(message, set.group) : null;
  if (byGroup !== null) return byGroup;
  const { report, validFor, digest } = encodeReport(message.payload);
  const signers = encodeListSigners(
    () => preAuthEncoding(OBSERVATION_SOLABI_TYPE, message.payload),
    message.signatures,
    set,
  );
  if (signers === null || validFor < 0n) return null;
  return concat([
    feedAbi.encodeFunctionData("update_QJGga", [toBeHex(report | signers.rules, 32), digest]),
    signers.part,
  ]);
};

/**
 * Calldata of the plain entry: payload and signatures as the envelope has them. A group's signature stands alone there,
 * so that it goes only when there is no other.
 */
export const encodeSubmit = ({ payload, signatures }: SignedPayload): string => {
  const single = signatures.filter(({ length }) => length !== GROUP_SIGNATURE_LENGTH);
  const chosen = single.length > 0 ? single : signatures.slice(0, 1);
  return feedAbi.encodeFunctionData("submit", [
    bytesToPrefixedHex(payload),
    chosen.map(bytesToPrefixedHex),
  ]);
};
