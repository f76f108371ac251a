import { describe, expect, it } from "vitest";
import { bindingsOf, bindingsSchema } from "./binding.ts";

const binding = { feed: "xau-usd", chain: "local", contract: "0xAb" };

describe("bindings", () => {
  it("take every round unless told otherwise", () => {
    expect(bindingsSchema.parse([binding])[0]?.mode).toBe("every");
  });

  it("of one feed are found in their order", () => {
    const all = bindingsSchema.parse([
      { ...binding, contract: "0x02" },
      { ...binding, feed: "crm" },
      { ...binding, contract: "0x01", mode: "latest" },
    ]);
    const [first] = all;
    if (!first) throw new Error("nothing parsed");
    expect(bindingsOf(all, first.feed).map(({ contract }) => contract)).toEqual(["0x02", "0x01"]);
  });

  it("to the same contract twice are refused, whatever the spelling", () => {
    const parsed = bindingsSchema.safeParse([binding, { ...binding, contract: "0xaB" }]);
    expect(parsed.error?.issues.map(({ path }) => path)).toEqual([[1]]);
  });

  it.each([
    { ...binding, contract: "" },
    { ...binding, contract: "0x 1" },
    { ...binding, contract: "x".repeat(129) },
    { ...binding, mode: "sometimes" },
    { ...binding, extra: 1 },
    { ...binding, feed: "XAU" },
  ])("of another form are refused: %j", (wrong) => {
    expect(bindingsSchema.safeParse([wrong]).success).toBe(false);
  });
});
