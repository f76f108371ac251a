import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import type { Bundle } from "../envelope/bundle.ts";
import type { DsseEnvelope } from "../envelope/dsse.ts";
import { verifyEnvelope } from "../envelope/dsse-verify.ts";
import { createKeyRing } from "../envelope/key-ring.ts";
import { OBSERVATION_SOLABI_TYPE, OBSERVATION_TYPE } from "../envelope/observation.ts";
import type { QuorumFeed, QuorumMember } from "./quorum-feed.ts";

const hasSigned = (member: QuorumMember, envelope: DsseEnvelope, payloadType: string): boolean => {
  try {
    verifyEnvelope(envelope, { ring: createKeyRing(member.keys), threshold: 1, payloadType });
    return true;
  } catch (error) {
    if (isFabricError(error)) return false;
    throw error;
  }
};

/**
 * Whether enough members signed both forms. Members are counted and not keys: one that changed its keys has two.
 * Throws `THRESHOLD_NOT_MET`.
 */
export const checkBundleQuorum = (
  { envelope, onchain }: Pick<Bundle, "envelope" | "onchain">,
  { members, threshold }: Pick<QuorumFeed, "members" | "threshold">,
): void => {
  const signed = members.filter(
    (member) =>
      hasSigned(member, envelope, OBSERVATION_TYPE) &&
      (onchain === null || hasSigned(member, onchain, OBSERVATION_SOLABI_TYPE)),
  );
  if (signed.length < threshold)
    throw fabricError("THRESHOLD_NOT_MET", { accepted: signed.length, threshold });
};
