import { HARDWARE_ANCHORS } from "../attestation/hardware-anchors.ts";
import { createPolicyWorkloadAppraiser } from "../attestation/policy-workload-appraiser.ts";
import { createSimulatedAnchor } from "../attestation/simulated-anchor.ts";
import type { WorkloadAppraiser } from "../attestation/workload-appraiser.ts";
import { type AppraisalPolicy, appraisalPolicySchema } from "../attestation/appraisal-policy.ts";
import type { AppraiseMember } from "../coordinator/membership.ts";
import type { Clock } from "../core/clock.ts";
import type { FabricConfig } from "../core/config/schema.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import { parseStrictJson } from "../envelope/strict-json.ts";
import { readConfiguredFile } from "./read-configured-file.ts";

const MAX_POLICY_BYTES = 1_048_576;
/** How far a member's clock may run ahead, ms: evidence that was just made there must hold here. */
const CLOCK_SKEW_MS = 60_000;

type QuorumConfig = NonNullable<FabricConfig["quorum"]>;

/** The appraisal policy of `quorum.appraisal`. Throws `CONFIG_FILE_UNREADABLE`, `JSON_MALFORMED`. */
export const readMemberPolicy = async (file: string): Promise<AppraisalPolicy> => {
  const setting = "quorum.appraisal";
  const text = await readConfiguredFile(setting, file);
  const parsed = appraisalPolicySchema.safeParse(
    parseStrictJson(text, { limit: MAX_POLICY_BYTES, what: setting }),
  );
  if (parsed.success) return parsed.data;
  const reason = parsed.error.issues[0]?.message ?? "it is no appraisal policy";
  throw fabricError("CONFIG_FILE_UNREADABLE", { setting, file, reason });
};

/**
 * Judges members' evidence by the configured policy, each with the vendors' roots and its own simulated one: one
 * member's simulator speaks for no other member.
 * Throws `CONFIG_FILE_UNREADABLE`, `CERTIFICATE_INVALID`, `JSON_MALFORMED`.
 */
export const createMemberAppraiser = async (
  { members, appraisal }: QuorumConfig,
  clock: Clock,
): Promise<AppraiseMember> => {
  const policy = await readMemberPolicy(appraisal);
  const appraisers = new Map<string, WorkloadAppraiser>();
  for (const { id, platformRoot } of members) {
    const setting = `quorum.members.${id}.platformRoot`;
    const own =
      platformRoot === null
        ? []
        : [
            createSimulatedAnchor({
              name: `simulated platform of ${id}`,
              certificate: await readConfiguredFile(setting, platformRoot),
            }),
          ];
    const anchors = [...HARDWARE_ANCHORS, ...own];
    appraisers.set(id, createPolicyWorkloadAppraiser(policy, { anchors }));
  }
  return async ({ id }, evidence, options) => {
    const appraiser = appraisers.get(id);
    if (!appraiser)
      throw fabricError("QUORUM_MEMBER_REFUSED", { member: id, reason: "it is not configured" });
    const task = { purpose: "register" as const, at: clock.now() + CLOCK_SKEW_MS };
    const { measurement, keys } = await appraiser.appraise(evidence, task, options);
    return { measurement, keyids: keys.map(({ keyid }) => keyid) };
  };
};
