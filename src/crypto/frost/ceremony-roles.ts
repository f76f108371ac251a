import { fabricError } from "../../core/errors/fabric-error.ts";
import type { Digest } from "../../core/ids.ts";
import type { KeyRecord } from "../key-record.ts";
import type { CurvePoint } from "./ecrecover-challenge.ts";
import { resharedPoint } from "./dealing.ts";
import type { GroupStatement } from "./group-record.ts";
import { ceremonyOf, type GroupPlan, parseGroupPlan } from "./group-plan.ts";
import { verifyGroupRecord } from "./verify-group-record.ts";

/** One who deals. */
export interface Dealer {
  readonly index: number;
  readonly key: KeyRecord;
  /** Resharing: the point of the constant that it must deal. */
  readonly constant: CurvePoint | null;
}

/** A plan with what follows from it. */
export interface CeremonyRoles {
  readonly ceremony: Digest;
  readonly plan: GroupPlan;
  /** The epoch before; null for a new key. */
  readonly previous: GroupStatement | null;
  /** By ascending index. */
  readonly dealers: readonly Dealer[];
  /** Keys of everybody who may speak, each once. */
  readonly participants: readonly KeyRecord[];
}

const refuse = (reason: string) => fabricError("FROST_PLAN_INVALID", { reason });

const dealersOf = (plan: GroupPlan, previous: GroupStatement | null): readonly Dealer[] => {
  if (previous === null || plan.reshare === null)
    return plan.members.map((key, at) => ({ index: at + 1, key, constant: null }));
  const indices = plan.reshare.dealers.toSorted((a, b) => a - b);
  return indices.map((index) => {
    const member = previous.members[index - 1];
    if (!member) throw refuse(`the group had no member ${index}`);
    const constant = resharedPoint(member.verifyingShare, index, indices);
    return { index, key: member.key, constant };
  });
};

/** Who does what under a plan that came from outside. Throws `FROST_PLAN_INVALID`, `FROST_RECORD_INVALID`. */
export const readCeremonyRoles = (input: unknown): CeremonyRoles => {
  const plan = parseGroupPlan(input);
  const previous = plan.reshare && verifyGroupRecord(plan.reshare.record);
  if (previous) {
    if (previous.group !== plan.group) throw refuse(`the record is of ${previous.group}`);
    if (previous.epoch + 1 !== plan.epoch)
      throw refuse(`epoch ${plan.epoch} does not follow ${previous.epoch}`);
    if ((plan.reshare?.dealers.length ?? 0) < previous.threshold)
      throw refuse(`${previous.threshold} of the old members must deal`);
  }
  const dealers = dealersOf(plan, previous);
  const all = [...plan.members, ...dealers.map(({ key }) => key)];
  return {
    ceremony: ceremonyOf(plan),
    plan,
    previous,
    dealers,
    participants: [...new Map(all.map((key) => [key.keyid, key])).values()],
  };
};
