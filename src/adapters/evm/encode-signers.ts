import { concat, recoverAddress, toBeHex } from "ethers";
import type { Address } from "../../core/ids.ts";
import { bytesToPrefixedHex } from "../../crypto/bytes.ts";
import { keccak256 } from "../../crypto/hashes.ts";

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

/** The signers' part of a packed call. */
export interface SignersPart {
  /** Low 80 bits of the report. */
  readonly rules: bigint;
  /** What stands behind the arguments, `0x` hex. */
  readonly part: string;
}

/** Bytes of a group's signature: z (32) and the address of R (20). */
export const GROUP_SIGNATURE_LENGTH = 52;
const SIGNATURE_LENGTH = 65;
/** Stands in a report where a list says how many members may be absent. */
const GROUP_MARK = 0xffn;

const signerOf = (digest: string, signature: Uint8Array): string | null => {
  try {
    return recoverAddress(digest, bytesToPrefixedHex(signature)).toLowerCase();
  } catch {
    return null;
  }
};

/** Signatures by member. With one member and one signature there is nothing to find out; the contract checks it. */
const assign = (
  message: () => Uint8Array,
  signatures: readonly Uint8Array[],
  members: readonly Address[],
): ReadonlyMap<string, Uint8Array> => {
  const [only, ...others] = signatures;
  const [member, ...rest] = members;
  if (only && member && others.length === 0 && rest.length === 0) return new Map([[member, only]]);
  const digest = bytesToPrefixedHex(keccak256(message()));
  const bySigner = new Map<string, Uint8Array>();
  for (const signature of signatures) {
    const signer = signerOf(digest, signature);
    if (signer !== null) bySigner.set(signer, signature);
  }
  return bySigner;
};

/**
 * As many signatures as the list's threshold asks for, and the addresses of the others. Null when they do not fit.
 * `message` gives the PAE that was signed; it is asked for only where signers must be found out.
 */
export const encodeListSigners = (
  message: () => Uint8Array,
  signatures: readonly Uint8Array[],
  set: SignerSet,
): SignersPart | null => {
  const bySigner = assign(message, signatures, set.members);
  const parts: string[] = [];
  let absent = 0n;
  let signed = 0;
  for (const [index, member] of set.members.entries()) {
    const signature = bySigner.get(member);
    if (signature?.length === SIGNATURE_LENGTH && signed < set.threshold) {
      parts.push(bytesToPrefixedHex(signature));
      signed += 1;
    } else {
      parts.push(member);
      absent |= 1n << BigInt(index);
    }
  }
  if (set.members.length === 0 || signed < set.threshold) return null;
  const rules =
    (absent << 48n) |
    (BigInt(set.notAfter) << 16n) |
    (BigInt(set.members.length - set.threshold) << 8n) |
    BigInt(set.members.length - 1);
  return { rules, part: concat(parts) };
};

/** The group's proof. Null when no signature has a group's form. */
export const encodeGroupSigners = (
  signatures: readonly Uint8Array[],
  group: GroupKey,
): SignersPart | null => {
  const signature = signatures.find(({ length }) => length === GROUP_SIGNATURE_LENGTH);
  if (!signature) return null;
  const rules = (BigInt(group.notAfter) << 16n) | (GROUP_MARK << 8n) | BigInt(group.parity);
  return { rules, part: concat([toBeHex(group.x, 32), bytesToPrefixedHex(signature)]) };
};
