import { digestHex } from "../core/ids.ts";
import { bytesToHex } from "../crypto/bytes.ts";
import { decodeOnchainObservation } from "../envelope/observation-solabi.ts";
import { refuseBundle, SIGNATURE_LENGTHS, type OnchainForm } from "./onchain-form.ts";

/** Who may sign a feed, as its `signerSet()` and `groupKey()` answer. They change when a key does, or is renewed. */
export interface FeedSigners {
  readonly threshold: number;
  /** s since epoch. */
  readonly notAfter: number;
  /** In the contract's order. */
  readonly members: readonly string[];
  /** Absent where `groupKey()` answers zeros. */
  readonly group?: {
    readonly x: bigint;
    /** 27 or 28. */
    readonly parity: number;
    /** s since epoch. */
    readonly notAfter: number;
  };
}

/** Stands where a list says how many members may be absent. */
const GROUP_MARK = 0xffn;
const UINT32_MAX = 0xffff_ffff;
const INT80_LIMIT = 2n ** 79n;
const UINT80_MASK = 2n ** 80n - 1n;

const word = (value: bigint): string => value.toString(16).padStart(64, "0");

/** The parts of a packed update in hex without prefix; layout: `IFeedStore`. */
export interface PackedReport {
  readonly feedHash: string;
  readonly report: string;
  readonly digest: string;
  /** What stands behind the arguments: signatures, addresses of the absent, or a group's proof. */
  readonly proof: string;
}

/**
 * Pack an observation for one signer set. Throws `BUNDLE_MALFORMED` (also when too few of the members signed),
 * `STATEMENT_MALFORMED`.
 */
export const packReport = (form: OnchainForm, signers: FeedSigners): PackedReport => {
  const { payload, signatures } = form;
  const said = decodeOnchainObservation(payload);
  const { round, value, observedAt, validUntil } = said;
  if (value >= INT80_LIMIT || value < -INT80_LIMIT) throw refuseBundle("its value is too large");
  if (observedAt > UINT32_MAX || validUntil > UINT32_MAX || validUntil < observedAt)
    throw refuseBundle("its times do not fit");
  const report =
    (BigInt(round) << 224n) |
    (BigInt(observedAt) << 192n) |
    ((value & UINT80_MASK) << 112n) |
    (BigInt(validUntil - observedAt) << 80n);
  const pack = (rules: bigint, proof: string): PackedReport => ({
    feedHash: said.feedHash.slice(2),
    report: word(report | rules),
    digest: digestHex(said.statementDigest),
    proof,
  });

  const { group, threshold, notAfter, members } = signers;
  const byGroup = signatures.find(({ bytes }) => bytes.length === SIGNATURE_LENGTHS.group);
  if (group && byGroup) {
    const rules = (BigInt(group.notAfter) << 16n) | (GROUP_MARK << 8n) | BigInt(group.parity);
    return pack(rules, word(group.x) + bytesToHex(byGroup.bytes));
  }
  const singly = signatures.filter(({ bytes }) => bytes.length === SIGNATURE_LENGTHS.list);
  let absent = 0n;
  let signed = 0;
  const proof = members.map((member, index) => {
    const own = singly.find(({ address }) => address === member.toLowerCase());
    if (own && signed < threshold) {
      signed += 1;
      return bytesToHex(own.bytes);
    }
    absent |= 1n << BigInt(index);
    return member.slice(2).toLowerCase();
  });
  if (signed === 0 || signed < threshold)
    throw refuseBundle("too few of the feed's signers signed");
  const rules =
    (absent << 48n) |
    (BigInt(notAfter) << 16n) |
    (BigInt(members.length - threshold) << 8n) |
    BigInt(members.length - 1);
  return pack(rules, proof.join(""));
};
