import { describe, expect, it } from "vitest";
import { chainNameSchema, feedIdSchema } from "../core/ids.ts";
import { bindingOf, bindingsOf, type Binding } from "./binding.ts";

const gold = feedIdSchema.parse("xau-usd");
const record = feedIdSchema.parse("crm");
const chain = chainNameSchema.parse("local");
const other = chainNameSchema.parse("other");
const all: readonly Binding[] = [
  { feed: gold, chain, contract: "0x02", mode: "every" },
  { feed: record, chain, contract: "0x02", mode: "latest" },
  { feed: gold, chain: other, contract: "0x02", mode: "every" },
  { feed: gold, chain, contract: "0x01", mode: "latest" },
];

describe("bindingsOf", () => {
  it("gives those of one feed in their order", () => {
    expect(bindingsOf(all, gold).map((binding) => `${binding.chain} ${binding.contract}`)).toEqual([
      "local 0x02",
      "other 0x02",
      "local 0x01",
    ]);
  });
});

describe("bindingOf", () => {
  it("goes by feed, chain and contract together", () => {
    for (const binding of all) expect(bindingOf(all, binding)).toBe(binding);
  });

  it("puts every round of a binding that is gone on chain", () => {
    const gone = { feed: gold, chain, contract: "0x03" };
    expect(bindingOf(all, gone)).toEqual({ ...gone, mode: "every" });
    expect(bindingOf([], gone).mode).toBe("every");
  });
});
