import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { leaseNameOf, rankMembers } from "./leader-rank.ts";

const members = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1, maxLength: 12 });
const name = fc.string({ minLength: 1, maxLength: 40 });

describe("who should lead", () => {
  it("is the same for every host, whatever order its configuration has", () => {
    fc.assert(
      fc.property(name, members, fc.nat(), (feed, ids, seed) => {
        const turned = [...ids.slice(seed % ids.length), ...ids.slice(0, seed % ids.length)];
        expect(rankMembers(feed, turned)).toEqual(rankMembers(feed, ids));
        expect(rankMembers(feed, ids).toSorted()).toEqual(ids.toSorted());
        expect(leaseNameOf(feed, turned)).toBe(leaseNameOf(feed, ids));
      }),
    );
  });

  it("changes only for what a member led that is gone", () => {
    fc.assert(
      fc.property(name, members, fc.nat(), (feed, ids, seed) => {
        const gone = ids[seed % ids.length];
        const left = ids.filter((id) => id !== gone);
        const before = rankMembers(feed, ids);
        expect(rankMembers(feed, left)).toEqual(before.filter((id) => id !== gone));
      }),
    );
  });

  it("is spread over the members", () => {
    const ids = ["a", "b", "c"];
    const first = Array.from({ length: 300 }, (_, index) => rankMembers(`feed-${index}`, ids)[0]);
    for (const id of ids) expect(first.filter((each) => each === id).length).toBeGreaterThan(50);
  });

  it("has a bounded number of leases, apart for other members", () => {
    const names = Array.from({ length: 500 }, (_, index) =>
      leaseNameOf(`feed-${index}`, ["a", "b"]),
    );
    expect(new Set(names).size).toBe(16);
    expect(leaseNameOf("feed", ["a", "b"])).not.toBe(leaseNameOf("feed", ["a", "c"]));
    for (const each of names) expect(each).toMatch(/^[0-9a-f]{16}-\d{1,2}$/);
  });
});
