import { recoverAddress, concat, toBeHex } from "ethers";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { type Address, digestHex } from "../../core/ids.ts";
import { bytesToHex } from "../../crypto/bytes.ts";
import { keccak256 } from "../../crypto/hashes.ts";
import { preAuthEncoding } from "../../envelope/dsse.ts";
import { OBSERVATION_SOLABI_TYPE } from "../../envelope/observation.ts";
import { decodeOnchainObservation } from "../../envelope/observation-solabi.ts";
import { feedAbi } from "./feed-abi.ts";

/** The signer set of a feed as `signerSet` answers it. */
export interface SignerSet {
  readonly threshold: number;
  /** Last second in which the set counts. */
  readonly notAfter: number;
  /** In the contract's order. */
  readonly members: readonly Address[];
  /** The group that may sign beside the list; absent when there is none. */
  readonly group?: GroupKey;
}

/** A feed's group key as `groupKey` answers it. */
export interface GroupKey {
  readonly address: Address;
  /** X coordinate of the group's point. */
  readonly x: bigint;
  /** 27 for an even y, 28 for an odd one. */
  readonly parity: 27 | 28;
  /** Last second in which the key counts. */
  readonly notAfter: number;
}

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
const SIGNATURE_LENGTH = 65;
const GROUP_SIGNATURE_LENGTH = 52;
/** Stands in a report where a list says how many members may be absent. */
const GROUP_MARK = 0xffn;

const hex = (bytes: Uint8Array): string => `0x${bytesToHex(bytes)}`;

const checkUint32 = (number: number): bigint => {
  if (number > UINT32_MAX) throw fabricError("ONCHAIN_NUMBER_OUT_OF_RANGE", { number });
  return BigInt(number);
};

const signerOf = (digest: string, signature: Uint8Array): string | null => {
  try {
    return recoverAddress(digest, hex(signature)).toLowerCase();
  } catch {
    return null;
  }
};

/** Signatures by member. With one member and one signature there is nothing to find out; the contract checks it. */
const assign = (
  { payload, signatures }: SignedPayload,
  members: readonly Address[],
): ReadonlyMap<string, Uint8Array> => {
  const [only, ...others] = signatures;
  const [member, ...rest] = members;
  if (only && member && others.length === 0 && rest.length === 0) return new Map([[member, only]]);
  const digest = hex(keccak256(preAuthEncoding(OBSERVATION_SOLABI_TYPE, payload)));
  const bySigner = new Map<string, Uint8Array>();
  for (const signature of signatures) {
    const signer = signerOf(digest, signature);
    if (signer !== null) bySigner.set(signer, signature);
  }
  return bySigner;
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
  const signature = signatures.find(({ length }) => length === GROUP_SIGNATURE_LENGTH);
  if (!signature || validFor < 0n) return null;
  const signers = (BigInt(group.notAfter) << 16n) | (GROUP_MARK << 8n) | BigInt(group.parity);
  return concat([
    feedAbi.encodeFunctionData("updateByGroup_RUALF", [toBeHex(report | signers, 32), digest]),
    toBeHex(group.x, 32),
    hex(signature),
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
  const bySigner = assign(message, set.members);
  const parts: string[] = [];
  let absent = 0n;
  let signed = 0;
  for (const [index, member] of set.members.entries()) {
    const signature = bySigner.get(member);
    if (signature?.length === SIGNATURE_LENGTH && signed < set.threshold) {
      parts.push(hex(signature));
      signed += 1;
    } else {
      parts.push(member);
      absent |= 1n << BigInt(index);
    }
  }
  if (set.members.length === 0 || signed < set.threshold || validFor < 0n) return null;
  const signers =
    (absent << 48n) |
    (BigInt(set.notAfter) << 16n) |
    (BigInt(set.members.length - set.threshold) << 8n) |
    BigInt(set.members.length - 1);
  return concat([
    feedAbi.encodeFunctionData("update_QJGga", [toBeHex(report | signers, 32), digest]),
    ...parts,
  ]);
};

/**
 * Calldata of the plain entry: payload and signatures as the envelope has them. A group's signature stands alone there,
 * so that it goes only when there is no other.
 */
export const encodeSubmit = ({ payload, signatures }: SignedPayload): string => {
  const single = signatures.filter(({ length }) => length !== GROUP_SIGNATURE_LENGTH);
  const chosen = single.length > 0 ? single : signatures.slice(0, 1);
  return feedAbi.encodeFunctionData("submit", [hex(payload), chosen.map(hex)]);
};
