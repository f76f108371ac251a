import { describe, expect, it } from "vitest";
import type { GroupStatement } from "../crypto/frost/group-record.ts";
import { createSigningKey, type SigningKey } from "../crypto/key-record.ts";
import { digestSchema, feedIdSchema } from "../core/ids.ts";
import { canBecome, isGroupOf, ownerOf, stayingIn } from "./group-fit.ts";

const feedId = feedIdSchema.parse("gold");
const keys = ["a", "b", "c", "d"].map(() => createSigningKey("ed25519"));
const key = (at: number): SigningKey => {
  const found = keys[at];
  if (!found) throw new Error(`no key ${at}`);
  return found;
};
const feedOf = (...at: number[]) => ({
  feed: feedId,
  threshold: 2,
  members: at.map((each) => ({ id: `host-${each}`, keys: [key(each).record] })),
});
const groupOf = (at: readonly number[], change: Partial<GroupStatement> = {}): GroupStatement => ({
  format: "cryptlet-group/v1",
  group: "gold",
  epoch: 0,
  threshold: 2,
  members: at.map((each, place) => ({
    index: place + 1,
    key: key(each).record,
    verifyingShare: `02${"11".repeat(32)}`,
  })),
  key: key(0).record,
  transcript: digestSchema.parse(`sha256:${"22".repeat(32)}`),
  previous: null,
  ...change,
});

describe("a group and the configuration", () => {
  it("fit when the hosts and the threshold are the same, in whatever order", () => {
    expect(isGroupOf(feedOf(0, 1, 2), groupOf([2, 0, 1]))).toBe(true);
    for (const group of [
      groupOf([0, 1]),
      groupOf([0, 1, 3]),
      groupOf([0, 1, 2, 3]),
      groupOf([0, 1, 2], { threshold: 3 }),
      groupOf([0, 1, 2], { group: "silver" }),
    ])
      expect(isGroupOf(feedOf(0, 1, 2), group)).toBe(false);
  });

  it("count a host once, whatever keys of it hold shares", () => {
    const [first, ...more] = feedOf(0, 1).members;
    const members = [{ id: "host-0", keys: [...(first?.keys ?? []), key(2).record] }, ...more];
    const feed = { ...feedOf(0, 1), members };
    expect(stayingIn(feed, groupOf([0, 2, 3])).map(({ index }) => index)).toEqual([1]);
    expect(canBecome(feed, groupOf([0, 2, 3]))).toBe(false);
    expect(isGroupOf(feed, groupOf([0, 2]))).toBe(false);
    expect(ownerOf(feed, key(2).record.keyid)).toBe("host-0");
    expect(ownerOf(feed, key(3).record.keyid)).toBeNull();
  });

  it("can become one while as many members stay as must deal", () => {
    expect(canBecome(feedOf(0, 1, 3), groupOf([0, 1, 2]))).toBe(true);
    expect(canBecome(feedOf(0, 3), groupOf([0, 1, 2]))).toBe(false);
    expect(canBecome(feedOf(0, 1, 3), groupOf([0, 1, 2], { threshold: 3 }))).toBe(false);
    expect(canBecome(feedOf(0, 1, 3), groupOf([0, 1, 2], { group: "silver" }))).toBe(false);
  });
});
