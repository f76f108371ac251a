import { describe, expect, it } from "vitest";
import { chainNameSchema, feedIdSchema } from "../core/ids.ts";
import type { BindingForm } from "../bindings/binding.ts";
import { createBatchListing } from "./batch-listing.ts";

const NOW = 10_000;
const feed = (name: string) => feedIdSchema.parse(name);
const at = (name: string, round: number, observedAt = 1_000, validUntil = 20_000) => ({
  feed: feed(name),
  newest: { round, observedAt, validUntil },
});
const target = { chain: chainNameSchema.parse("local"), contract: "0x01" };
const listing = (form: BindingForm = "stored") => createBatchListing(() => form);

describe("what a batch writes out", () => {
  it("is what changed since it was written out last, longest waiting first", () => {
    const list = listing();
    const members = [at("a", 1, 3_000), at("b", 1, 2_000), { feed: feed("c"), newest: null }];
    expect(list.changed(members, NOW, 9)).toEqual(["b", "a"]);
    expect(list.changed(members, NOW, 1)).toEqual(["b"]);
    list.carried(1, [at("b", 1)]);
    expect(list.changed(members, NOW, 9)).toEqual(["a"]);
    expect(list.changed([at("b", 2)], NOW, 9)).toEqual(["b"]);
  });

  it("is never what has run out", () => {
    expect(listing().changed([at("a", 1, 1_000, NOW)], NOW, 9)).toEqual([]);
  });

  it.each(["failed", "superseded"] as const)("comes again after a delivery ended %s", (status) => {
    const list = listing();
    const members = [at("a", 1), at("b", 1)];
    list.carried(1, members);
    list.carried(2, [at("b", 2)]);
    list.ended({ ...target, round: 1, status });
    // What a later batch wrote out since is none of this one's business.
    expect(list.changed([at("a", 1), at("b", 2)], NOW, 9)).toEqual(["a"]);
  });

  it("does not come again for a contract that keeps the root, nor for what landed", () => {
    const root = listing("root");
    root.carried(1, [at("a", 1)]);
    root.ended({ ...target, round: 1, status: "superseded" });
    expect(root.changed([at("a", 1)], NOW, 9)).toEqual([]);
    const stored = listing();
    stored.carried(1, [at("a", 1)]);
    stored.ended({ ...target, round: 1, status: "final" });
    stored.ended({ ...target, round: 9, status: "failed" });
    expect(stored.changed([at("a", 1)], NOW, 9)).toEqual([]);
  });
});
