import { describe, expect, it } from "vitest";

import { TRUST_EXAMPLE } from "./trust-example.ts";
import { trustFileSchema } from "./trust-input.ts";

describe("the trust file", () => {
  it("is as docs/cli.md shows it", () => {
    expect(trustFileSchema.safeParse(TRUST_EXAMPLE).error?.issues).toBeUndefined();
  });

  it("refuses what it does not know, at any depth", () => {
    const { policy } = TRUST_EXAMPLE;
    for (const wrong of [
      { ...TRUST_EXAMPLE, extra: 1 },
      { ...TRUST_EXAMPLE, policy: { ...policy, allowAll: true } },
      { ...TRUST_EXAMPLE, policy: { ...policy, threshold: 0 } },
      { policy },
    ])
      expect(trustFileSchema.safeParse(wrong).success).toBe(false);
  });
});
