import { fabricError } from "../core/errors/fabric-error.ts";
import type { KeyRecord } from "../crypto/key-record.ts";
import type { Appraisal } from "./appraiser.ts";
import type { Observation } from "./observation.ts";
import type { TrustPolicy, TrustScope } from "./trust-policy.ts";

const isAttested = (policy: TrustPolicy, appraisal: Appraisal | null, keyid: string): boolean =>
  policy.attested !== null &&
  appraisal?.ok === true &&
  appraisal.keyids.includes(keyid) &&
  policy.attested.measurements.includes(appraisal.measurement);

/**
 * Signers that the policy names or that accepted evidence binds, before the statement is read.
 * Throws `SIGNER_NOT_TRUSTED`, `THRESHOLD_NOT_MET`, `EVIDENCE_REFUSED` (trust hung on evidence that was refused).
 */
export const selectTrusted = (
  signers: readonly KeyRecord[],
  policy: TrustPolicy,
  appraisal: Appraisal | null,
): readonly KeyRecord[] => {
  const trusted = signers.filter(
    ({ keyid }) =>
      policy.keys.some(({ key }) => key.keyid === keyid) || isAttested(policy, appraisal, keyid),
  );
  if (trusted.length >= policy.threshold) return trusted;
  if (trusted.length > 0)
    throw fabricError("THRESHOLD_NOT_MET", {
      accepted: trusted.length,
      threshold: policy.threshold,
    });
  if (policy.attested !== null && appraisal !== null) {
    if (!appraisal.ok) throw fabricError("EVIDENCE_REFUSED", { reason: appraisal.detail });
    if (!policy.attested.measurements.includes(appraisal.measurement))
      throw fabricError("EVIDENCE_REFUSED", {
        reason: `the policy ${policy.id} does not accept ${appraisal.measurement} for the signer`,
      });
  }
  throw fabricError("SIGNER_NOT_TRUSTED", {
    reason: `the policy ${policy.id} does not name ${signers[0]?.keyid ?? "the key"}`,
  });
};

const allows = (list: readonly string[] | null, name: string): boolean =>
  list === null || list.includes(name);

/** Whether a scope covers a statement. */
export const inScope = (scope: TrustScope, { subject, cryptlet }: Observation): boolean =>
  allows(scope.fabrics, subject.fabric) &&
  allows(scope.cryptlets, cryptlet.id) &&
  allows(scope.feeds, subject.feed);

const mayState = (
  key: KeyRecord,
  policy: TrustPolicy,
  appraisal: Appraisal | null,
  observation: Observation,
): boolean => {
  const named = policy.keys.some(
    (entry) =>
      entry.key.keyid === key.keyid &&
      inScope(entry.scope, observation) &&
      (entry.notBefore ?? 0) <= observation.issuedAt &&
      observation.issuedAt <= (entry.notAfter ?? Number.MAX_SAFE_INTEGER),
  );
  if (named) return true;
  return (
    policy.attested !== null &&
    isAttested(policy, appraisal, key.keyid) &&
    inScope(policy.attested.scope, observation)
  );
};

/** Whether enough of the trusted signers may speak about this feed at this time. Throws `SIGNER_NOT_TRUSTED`, `THRESHOLD_NOT_MET`. */
export const checkScope = (
  trusted: readonly KeyRecord[],
  policy: TrustPolicy,
  appraisal: Appraisal | null,
  observation: Observation,
): readonly KeyRecord[] => {
  const entitled = trusted.filter((key) => mayState(key, policy, appraisal, observation));
  if (entitled.length >= policy.threshold) return entitled;
  if (entitled.length > 0)
    throw fabricError("THRESHOLD_NOT_MET", {
      accepted: entitled.length,
      threshold: policy.threshold,
    });
  throw fabricError("SIGNER_NOT_TRUSTED", {
    reason: `its scope or validity does not cover ${observation.subject.feed} of ${observation.cryptlet.id} at that time`,
  });
};
