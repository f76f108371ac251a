import { isFabricError } from "../core/errors/fabric-error.ts";
import type { KeyRecord } from "../crypto/key-record.ts";
import { type GroupFinding, judgeGroup } from "./group-trust.ts";
import { checkScope, selectTrusted } from "./signer-trust.ts";

/** Whose signatures on the ABI tuple count. */
export interface OnchainSigners {
  /** Keys of enclaves; none where a group stands for them. */
  readonly signers: readonly KeyRecord[];
  readonly group: GroupFinding | null;
}

/**
 * Enough keys of enclaves, or a group that stands for enough of them. Other suites may sign the tuple too, but a contract
 * can count only these. Throws `SIGNER_NOT_TRUSTED`, `THRESHOLD_NOT_MET`, `EVIDENCE_REFUSED`.
 */
export const trustOnchain = (
  all: readonly KeyRecord[],
  parts: Parameters<typeof judgeGroup>[1],
): OnchainSigners => {
  const { policy, appraisal, observation } = parts;
  const countable = all.filter(({ suite }) => suite === "secp256k1-keccak256");
  const list = (): readonly KeyRecord[] =>
    checkScope(selectTrusted(countable, policy, appraisal), policy, appraisal, observation);
  let group: GroupFinding | null;
  try {
    group = judgeGroup(all, parts);
  } catch (error) {
    // A list beside a group that is not trusted is a list.
    if (!isFabricError(error) || countable.length === 0) throw error;
    return { signers: list(), group: null };
  }
  return { signers: group ? [] : list(), group };
};
