import { fabricError } from "../core/errors/fabric-error.ts";
import type { GroupStatement } from "../crypto/frost/group-record.ts";
import type { KeyRecord } from "../crypto/key-record.ts";
import type { Appraisal } from "./appraiser.ts";
import type { Observation } from "./observation.ts";
import { inScope } from "./signer-trust.ts";
import type { TrustPolicy } from "./trust-policy.ts";

/** What one group's signature proves, in figures. Who of the members signed it does not say. */
export interface GroupFinding {
  /** The group's key. */
  readonly keyid: string;
  /** What the group's record says; null where the bundle carries none and the policy names the key. */
  readonly record: {
    readonly group: string;
    readonly epoch: number;
    /** k: shares that make a signature. */
    readonly threshold: number;
    /** n */
    readonly members: number;
    /** Members whose evidence was accepted. */
    readonly attested: number;
  } | null;
  /** So many trusted signers at least stand behind the signature. */
  readonly proven: number;
}

/** Suite of groups' keys. */
const GROUP_SUITE = "schnorr-secp256k1-keccak256";

/**
 * Members that nobody vouches for may all be one stranger's, and may all have signed: only what of k goes beyond them is
 * proven.
 */
const provenByEvidence = ({ threshold, members }: GroupStatement, attested: number): number =>
  Math.max(0, threshold - (members.length - attested));

const countAttested = (
  { members }: GroupStatement,
  policy: TrustPolicy,
  appraisal: Appraisal | null,
): number =>
  policy.attested !== null &&
  appraisal?.ok === true &&
  policy.attested.measurements.includes(appraisal.measurement)
    ? members.filter(({ key }) => appraisal.keyids.includes(key.keyid)).length
    : 0;

/** How many signers the policy lets the key itself count for. */
const provenByName = (key: KeyRecord, policy: TrustPolicy, observation: Observation): number =>
  policy.keys
    .filter(
      (entry) =>
        entry.key.keyid === key.keyid &&
        inScope(entry.scope, observation) &&
        (entry.notBefore ?? 0) <= observation.issuedAt &&
        observation.issuedAt <= (entry.notAfter ?? Number.MAX_SAFE_INTEGER),
    )
    .reduce((most, { threshold = 1 }) => Math.max(most, threshold), 0);

/**
 * Judge the group among the signers of the ABI tuple. A group's key is trusted because the policy names it, or because
 * evidence of its members was accepted, each of whom signed the record of how the key was made; evidence of one member
 * alone never does. Null where no group signed.
 * Throws `SIGNER_NOT_TRUSTED`, `THRESHOLD_NOT_MET`.
 */
export const judgeGroup = (
  signers: readonly KeyRecord[],
  parts: {
    /** Statement of the bundle's group record. */
    readonly group: GroupStatement | null;
    readonly policy: TrustPolicy;
    readonly appraisal: Appraisal | null;
    readonly observation: Observation;
  },
): GroupFinding | null => {
  const { group, policy, appraisal, observation } = parts;
  const key = signers.find(({ suite }) => suite === GROUP_SUITE);
  if (!key) return null;
  const record = group?.key.keyid === key.keyid ? group : null;
  const attested = record ? countAttested(record, policy, appraisal) : 0;
  const covers = policy.attested !== null && inScope(policy.attested.scope, observation);
  const byEvidence = record && covers ? provenByEvidence(record, attested) : 0;
  const proven = Math.max(byEvidence, provenByName(key, policy, observation));
  if (proven === 0)
    throw fabricError("SIGNER_NOT_TRUSTED", {
      reason: record
        ? `evidence of ${attested} of the group's ${record.members.length} members was accepted, which proves nothing with a threshold of ${record.threshold}`
        : `the policy ${policy.id} does not name the group ${key.keyid}, and its record is not carried`,
    });
  if (proven < policy.threshold)
    throw fabricError("THRESHOLD_NOT_MET", { accepted: proven, threshold: policy.threshold });
  return {
    keyid: key.keyid,
    record: record && {
      group: record.group,
      epoch: record.epoch,
      threshold: record.threshold,
      members: record.members.length,
      attested,
    },
    proven,
  };
};

/** The same in words. */
export const describeGroup = ({ record, proven }: GroupFinding): string => {
  const who = record
    ? `group ${record.group}, epoch ${record.epoch}: ${record.threshold} of ${record.members} members sign together, evidence of ${record.attested} accepted`
    : "a group that the policy names";
  return `${who}; at least ${proven} trusted signer(s), which of them the signature does not say`;
};
