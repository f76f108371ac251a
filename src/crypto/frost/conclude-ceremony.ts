import { fabricError } from "../../core/errors/fabric-error.ts";
import type { CeremonyRoles } from "./ceremony-roles.ts";
import type { GroupRecord } from "./group-record.ts";
import { judgeComplaint, type Verdict } from "./judge-complaint.ts";
import type { SignedMessage } from "./signed-message.ts";
import { createGroupRecord } from "./verify-group-record.ts";

/** Everything that was said in a ceremony. */
export interface CeremonyMessages {
  readonly joins: readonly SignedMessage[];
  readonly deals: readonly SignedMessage[];
  /** What `receive` gave at each new member: a `confirm` or a `complaint`. */
  readonly answers: readonly SignedMessage[];
}

/** Every complaint judged; empty where nobody complained. Throws `FROST_MESSAGE_INVALID`, `FROST_MEMBER_UNKNOWN`. */
export const judgeComplaints = async (
  roles: CeremonyRoles,
  { joins, deals, answers }: CeremonyMessages,
): Promise<readonly Verdict[]> => {
  const complaints = answers.filter(({ kind }) => kind === "complaint");
  const verdicts = await Promise.all(
    complaints.map((complaint) => judgeComplaint(roles, { complaint, joins, deals })),
  );
  return verdicts.flat();
};

/**
 * The end of a ceremony for whoever coordinates it: the record that all members confirmed, for `finish`.
 * Throws `FROST_COMPLAINT` with the keyids at fault, `FROST_MESSAGE_MISSING`, `FROST_EQUIVOCATION`,
 * `FROST_RECORD_INVALID`.
 * @example
 * ```ts
 * const record = await concludeCeremony(readCeremonyRoles(plan), { joins, deals, answers });
 * for (const { groups } of members) await groups.finish({ record });
 * ```
 */
export const concludeCeremony = async (
  roles: CeremonyRoles,
  messages: CeremonyMessages,
): Promise<GroupRecord> => {
  const verdicts = await judgeComplaints(roles, messages);
  if (verdicts.length > 0) {
    const blamed = [...new Set(verdicts.map(({ keyid }) => keyid))].toSorted().join(", ");
    throw fabricError("FROST_COMPLAINT", { count: verdicts.length, blamed });
  }
  return createGroupRecord(messages.answers);
};
