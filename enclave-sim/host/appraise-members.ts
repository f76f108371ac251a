import { TEES } from "../../src/attestation/evidence-claims.ts";
import { HARDWARE_ANCHORS } from "../../src/attestation/hardware-anchors.ts";
import { createPolicyWorkloadAppraiser } from "../../src/attestation/policy-workload-appraiser.ts";
import { createSimulatedAnchor } from "../../src/attestation/simulated-anchor.ts";
import { fabricError, isFabricError } from "../../src/core/errors/fabric-error.ts";
import type { Digest } from "../../src/core/ids.ts";
import type { KeyRecord } from "../../src/crypto/key-record.ts";
import type { Evidence } from "../../src/envelope/bundle.ts";
import type { GroupOptions } from "./group-calls.ts";

/** Judges whom this enclave makes groups with. */
export interface MemberAppraiser {
  /**
   * Every key must be bound by a piece of evidence of its own. Throws `FROST_MEMBER_REFUSED` for the first that is not.
   * `at` in ms since epoch.
   */
  appraise(members: readonly KeyRecord[], evidence: readonly Evidence[], at: number): Promise<void>;
}

/**
 * Members run the very code of this enclave, or one that its options list, on hardware, or on the simulators that they
 * name under `insecureAllowSimulated`. A debugged member is taken by a debugged enclave alone, which keeps no secret
 * itself.
 */
export const createMemberAppraiser = (parts: {
  readonly options: GroupOptions;
  /** Own. */
  readonly measurement: Digest;
  /** Own state. */
  readonly debug: boolean;
}): MemberAppraiser => {
  const { options, measurement, debug } = parts;
  const allowSimulated = options.insecureAllowSimulated === true;
  const simulated = allowSimulated ? (options.simulatedRoots ?? []) : [];
  const appraiser = createPolicyWorkloadAppraiser(
    {
      id: "group-members",
      allowSimulated,
      allowDebug: debug,
      tees: [...TEES],
      ...(options.tcb ? { tcb: options.tcb } : {}),
      anyOf: [{ measurements: [measurement, ...(options.measurements ?? [])] }],
    },
    { anchors: [...HARDWARE_ANCHORS, ...simulated.map(createSimulatedAnchor)] },
  );
  const judge = async (piece: Evidence, at: number) => {
    try {
      const { keys, evidenceId } = await appraiser.appraise(piece, { purpose: "register", at });
      return { keyids: new Set<string>(keys.map(({ keyid }) => keyid)), evidenceId, refusal: null };
    } catch (error) {
      if (!isFabricError(error)) throw error;
      return { keyids: new Set<string>(), evidenceId: null, refusal: error };
    }
  };
  return {
    appraise: async (members, evidence, at) => {
      const judged = await Promise.all(evidence.map((piece) => judge(piece, at)));
      const used = new Set<string>();
      for (const { keyid } of members) {
        const piece = judged.find(({ keyids }) => keyids.has(keyid));
        const refusal = judged.find((each) => each.refusal !== null)?.refusal;
        if (!piece?.evidenceId)
          throw fabricError("FROST_MEMBER_REFUSED", {
            keyid,
            reason: refusal
              ? `no accepted evidence binds its key; a piece was refused: ${refusal.message}`
              : "no evidence binds its key",
          });
        if (used.has(piece.evidenceId))
          throw fabricError("FROST_MEMBER_REFUSED", {
            keyid,
            reason: "its evidence is another member's too: both are one enclave",
          });
        used.add(piece.evidenceId);
      }
    },
  };
};
