import { fabricError } from "../core/errors/fabric-error.ts";
import { type AppraisalPolicyInput, parseAppraisalPolicy } from "./appraisal-policy.ts";
import { type AppraiserOptions, appraiseWithSource } from "./evidence-appraiser.ts";
import { quorumRefusal } from "./quorum.ts";
import type { WorkloadAppraiser } from "./workload-appraiser.ts";

/** MRSIGNER of an enclave that nobody signed is zeros. */
const isUnsigned = (signer: string | null): boolean => signer === null || /^0+$/.test(signer);

/**
 * Judges workloads for TLS and the key broker by an appraisal policy. It takes documents only, because plain evidence
 * binds no keys. `publisher` is the quote's signer where the quote is of the workload itself.
 * Throws `CONFIG_INVALID` for the policy itself, at once.
 * @example
 * ```ts
 * const appraiser = createPolicyWorkloadAppraiser(policy, { anchors: HARDWARE_ANCHORS });
 * const workload = await appraiser.appraise(evidence, { purpose: "kbs", nonce, at: Date.now() });
 * ```
 */
export const createPolicyWorkloadAppraiser = (
  policyInput: AppraisalPolicyInput,
  options: AppraiserOptions,
): WorkloadAppraiser => {
  const policy = parseAppraisalPolicy(policyInput);
  return {
    appraise: async (evidence, task, { signal = new AbortController().signal } = {}) => {
      const { refusal, verified } = await appraiseWithSource(
        evidence,
        { ...task, policy },
        options,
        signal,
      );
      if (refusal) throw refusal;
      if (!verified?.bound)
        throw fabricError("EVIDENCE_INVALID", { reason: "plain evidence binds no keys" });
      const { claims, bound } = verified;
      const missing = quorumRefusal([claims], policy);
      if (missing) throw missing;
      return {
        evidenceId: bound.evidenceId,
        simulated: claims.simulated,
        debug: claims.debug,
        measurement: bound.measurement,
        publisher: bound.layer === "quote" && !isUnsigned(claims.signer) ? claims.signer : null,
        registration: bound.registration,
        keys: bound.keys,
        policy: policy.id,
      };
    },
  };
};
