import { z } from "zod";
import { isFabricError } from "../core/errors/fabric-error.ts";
import { readBatchMember, type BatchMember } from "../envelope/batch-members.ts";

/** Members that are named; a batch may have hundreds. */
const NAMED = 8;

const recordSchema = z.object({
  kind: z.literal("record"),
  fields: z.record(z.string(), z.object({ value: z.string() })),
});

const membersOf = (value: unknown): readonly BatchMember[] => {
  const record = recordSchema.safeParse(value);
  if (!record.success) return [];
  try {
    return Object.values(record.data.fields).map((field) => readBatchMember(field.value));
  } catch (error) {
    // A record that is no batch.
    if (isFabricError(error)) return [];
    throw error;
  }
};

/** The members of a batch with their values, integers in their feeds' decimals; null for what is no batch. */
export const formatBatch = (value: unknown): string | null => {
  const members = membersOf(value);
  if (members.length === 0) return null;
  const named = members
    .slice(0, NAMED)
    .map(({ feed, observation }) =>
      observation === null
        ? `${feed} none`
        : `${feed} ${observation.value} (round ${observation.round})`,
    );
  const more = members.length > NAMED ? [`${members.length - NAMED} more`] : [];
  return [...named, ...more].join(", ");
};
