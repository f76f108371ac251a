import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../test/support/code-of.ts";
import { parseReleaseName, versionSchema } from "./release-name.ts";

describe("a release's name", () => {
  it("is a name and a version", () => {
    expect(parseReleaseName("gold-price@1.2.0")).toEqual({ name: "gold-price", version: "1.2.0" });
    expect(parseReleaseName("a@0.0.1-rc.1").version).toBe("0.0.1-rc.1");
  });

  it("is nothing else", () => {
    for (const text of [
      "",
      "@",
      "gold",
      "gold@",
      "@1.0.0",
      "gold@1.0",
      "gold@1.0.0+build",
      "gold@01.0.0",
      "gold@1.0.0-01",
      "gold@9999999999.0.0",
      "Gold@1.0.0",
      "gold@1.0.0 ",
      "gold@1.0.0\n",
      `gold@1.0.0-${"a".repeat(80)}`,
    ])
      expect([text, codeOf(() => parseReleaseName(text))]).toEqual([text, "RELEASE_NAME_INVALID"]);
  });

  it("comes back from what it was made of", () => {
    const part = fc.nat(999_999);
    const name = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,20}[a-z0-9])?$/);
    fc.assert(
      fc.property(name, part, part, part, (id, major, minor, patch) => {
        const version = `${major}.${minor}.${patch}`;
        expect(parseReleaseName(`${id}@${version}`)).toEqual({ name: id, version });
      }),
    );
  });

  it("holds no version that takes long to refuse", () => {
    const long = `1.0.0-${"0".repeat(30)}.${"a-".repeat(14)}!`;
    expect(versionSchema.safeParse(long).success).toBe(false);
  });
});
