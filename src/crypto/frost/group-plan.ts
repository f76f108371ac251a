import { z } from "zod";
import { fabricError } from "../../core/errors/fabric-error.ts";
import type { Digest } from "../../core/ids.ts";
import { digestOf } from "../hashes.ts";
import { keyRecordSchema } from "../key-record.ts";
import { GROUP_LIMITS } from "./group-limits.ts";
import {
  groupEpochSchema,
  groupNameSchema,
  groupRecordSchema,
  indexSchema,
  thresholdSchema,
  wordSchema,
} from "./group-record.ts";

/**
 * What one key ceremony is to make. Whoever coordinates writes it; every member checks it, and every message of the
 * ceremony names its digest. Members get the indices 1..n in the order of the list.
 */
export const groupPlanSchema = z.strictObject({
  format: z.literal("cryptlet-group-plan/v1"),
  group: groupNameSchema,
  epoch: groupEpochSchema,
  threshold: thresholdSchema,
  /** Attested Ed25519 keys of the members. */
  members: z.array(keyRecordSchema).min(2).max(GROUP_LIMITS.members),
  /** Null: a new key. Otherwise the key of this record gets new shares, dealt by these of its members. */
  reshare: z
    .strictObject({
      record: groupRecordSchema,
      /** Old indices; at least as many as the old threshold. */
      dealers: z.array(indexSchema).min(2).max(GROUP_LIMITS.members),
    })
    .nullable(),
  /** 32 fresh bytes in hex: no two ceremonies are the same. */
  nonce: wordSchema,
});
/** @see groupPlanSchema */
export type GroupPlan = z.infer<typeof groupPlanSchema>;

const refuse = (reason: string) => fabricError("FROST_PLAN_INVALID", { reason });

/** Read a plan and check what a schema cannot say. Throws `FROST_PLAN_INVALID`. */
export const parseGroupPlan = (input: unknown): GroupPlan => {
  const parsed = groupPlanSchema.safeParse(input);
  if (!parsed.success) throw refuse(z.prettifyError(parsed.error).slice(0, 500));
  const plan = parsed.data;
  const { members, threshold, reshare, epoch } = plan;
  if (threshold > members.length) throw refuse(`${threshold} of ${members.length} members`);
  if (new Set(members.map(({ keyid }) => keyid)).size !== members.length)
    throw refuse("a member stands twice");
  if (members.some(({ suite }) => suite !== "ed25519"))
    throw refuse("a member's key is not Ed25519");
  if (reshare === null && epoch !== 0) throw refuse("a new key begins with epoch 0");
  if (reshare !== null && new Set(reshare.dealers).size !== reshare.dealers.length)
    throw refuse("a dealer stands twice");
  return plan;
};

/** Id of a ceremony: SHA-256 of the plan with its keys in the schema's order. */
export const ceremonyOf = (plan: GroupPlan): Digest =>
  digestOf(new TextEncoder().encode(JSON.stringify(groupPlanSchema.parse(plan))));
