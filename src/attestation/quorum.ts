import { type FabricError, fabricError } from "../core/errors/fabric-error.ts";
import type { AppraisalPolicy } from "./appraisal-policy.ts";
import type { EvidenceClaims } from "./evidence-claims.ts";
import { VENDOR_OF } from "./trust-anchors.ts";

/**
 * Whether accepted pieces of evidence make up the policy's quorum; the refusal when they do not. What two pieces cannot
 * be told apart by counts once: SGX and TDX quotes name their processor's model and not the machine, so that a quorum of
 * Intel's machines needs several models.
 */
export const quorumRefusal = (
  accepted: readonly EvidenceClaims[],
  { id, quorum }: AppraisalPolicy,
): FabricError | null => {
  const { n, distinctTeeVendors = false } = quorum;
  const platforms = new Set(accepted.map(({ tee, platform }) => `${VENDOR_OF[tee]} ${platform}`));
  const vendors = new Set(accepted.map(({ tee }) => VENDOR_OF[tee]));
  const leastVendors = typeof distinctTeeVendors === "number" ? distinctTeeVendors : n;
  if (platforms.size < n)
    return fabricError("QUORUM_NOT_MET", {
      policy: id,
      asked: `${n} platforms`,
      passed: platforms.size,
    });
  if (distinctTeeVendors !== false && vendors.size < leastVendors)
    return fabricError("QUORUM_NOT_MET", {
      policy: id,
      asked: `${leastVendors} vendors`,
      passed: vendors.size,
    });
  return null;
};
