import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addressSchema,
  createRunId,
  digestHex,
  digestSchema,
  feedHashSchema,
  feedIdSchema,
  runIdSchema,
} from "./ids.ts";

describe("feedIdSchema", () => {
  it.each(["a", "xau-usd", "0", "a--b", "a".repeat(64)])("takes %j", (text) => {
    expect(feedIdSchema.parse(text)).toBe(text);
  });

  it.each([
    "",
    "-a",
    "a-",
    "A",
    "a_b",
    "a.b",
    "a/b",
    "../a",
    "a b",
    "a\n",
    "ä",
    "а", // Cyrillic
    "a".repeat(65),
    7,
    null,
    ["a"],
  ])("refuses %j", (value) => {
    expect(feedIdSchema.safeParse(value).success).toBe(false);
  });

  it("gives only what is safe in a path, a URL and a bus subject", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = feedIdSchema.safeParse(text);
        if (parsed.success) expect(encodeURIComponent(text)).toBe(text);
      }),
    );
  });
});

const HEX_64 = "0123456789abcdef".repeat(4);

describe("digestSchema", () => {
  it("takes sha256 with lower-case hex only", () => {
    expect(digestSchema.parse(`sha256:${HEX_64}`)).toBe(`sha256:${HEX_64}`);
    for (const bad of [
      HEX_64,
      `sha256:${HEX_64.toUpperCase()}`,
      `sha256:${HEX_64}0`,
      `sha512:${HEX_64}`,
    ])
      expect(digestSchema.safeParse(bad).success).toBe(false);
  });
});

describe("feedHashSchema", () => {
  it("takes 0x and 64 lower-case hex characters only", () => {
    expect(feedHashSchema.parse(`0x${HEX_64}`)).toBe(`0x${HEX_64}`);
    for (const bad of [HEX_64, `0x${HEX_64.toUpperCase()}`, `0x${HEX_64.slice(1)}`])
      expect(feedHashSchema.safeParse(bad).success).toBe(false);
  });
});

describe("addressSchema", () => {
  it("gives lower case, so that two spellings are one address", () => {
    const mixed = "0x52908400098527886E0F7030069857D2E4169EE7";
    expect(addressSchema.parse(mixed)).toBe(mixed.toLowerCase());
  });

  it.each(["0x", "52908400098527886E0F7030069857D2E4169EE7", `0x${HEX_64}`])(
    "refuses %j",
    (text) => {
      expect(addressSchema.safeParse(text).success).toBe(false);
    },
  );
});

describe("createRunId", () => {
  it("gives ids that its schema takes and that differ", () => {
    const ids = Array.from({ length: 100 }, () => runIdSchema.parse(createRunId()));
    expect(new Set(ids).size).toBe(100);
  });
});

describe("digestHex", () => {
  it("leaves out the name of the algorithm, whatever its length", () => {
    for (const name of ["sha256", "sha384"])
      expect(digestHex(`${name}:${"ab".repeat(32)}`)).toBe("ab".repeat(32));
  });
});
