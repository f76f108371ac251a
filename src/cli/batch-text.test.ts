import { expect, it } from "vitest";
import { feedHashSchema, feedIdSchema, digestSchema } from "../core/ids.ts";
import { toBatchValue, type BatchMember } from "../envelope/batch-members.ts";
import { formatBatch } from "./batch-text.ts";

const feedHash = feedHashSchema.parse(`0x${"1".repeat(64)}`);
const member = (name: string, value: bigint | null): BatchMember => ({
  feed: feedIdSchema.parse(name),
  feedHash,
  listed: value !== null,
  observation:
    value === null
      ? null
      : {
          feedHash,
          round: 7,
          value,
          observedAt: 1_000,
          validUntil: 2_000,
          statementDigest: digestSchema.parse(`sha256:${"2".repeat(64)}`),
        },
});

it("names members, values and rounds", () => {
  const value = toBatchValue([member("gold", -5n), member("silver", null)]);
  expect(formatBatch(value)).toBe("gold -5 (round 7), silver none");
});

it("counts what is too much to name", () => {
  const value = toBatchValue(Array.from({ length: 10 }, (_, n) => member(`feed-${n}`, 1n)));
  expect(formatBatch(value)).toMatch(/feed-7 1 \(round 7\), 2 more$/);
});

it("leaves other values alone", () => {
  expect(
    formatBatch({
      kind: "record",
      fields: { 0: { type: "string", value: "{}" } },
    }),
  ).toBeNull();
  expect(formatBatch({ kind: "record", fields: {} })).toBeNull();
});
