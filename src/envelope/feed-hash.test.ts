import { AbiCoder, keccak256 } from "ethers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { cryptletIdSchema, fabricIdSchema, feedIdSchema } from "../core/ids.ts";
import { canonicalJson } from "./canonical-json.ts";
import { computeFeedHash } from "./feed-hash.ts";

const slug = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$/);
const feed = fc.record({
  fabric: slug.map((text) => fabricIdSchema.parse(text)),
  cryptlet: slug.map((text) => cryptletIdSchema.parse(text)),
  feed: slug.map((text) => feedIdSchema.parse(text)),
  parameters: fc.jsonValue({ stringUnit: "grapheme" }),
});

test("it is keccak-256 over what ethers encodes", () => {
  fc.assert(
    fc.property(feed, (parts) => {
      const texts = [parts.fabric, parts.cryptlet, parts.feed, canonicalJson(parts.parameters)];
      const encoded = AbiCoder.defaultAbiCoder().encode(
        ["string", "string", "string", "string"],
        texts,
      );
      expect(computeFeedHash(parts)).toBe(keccak256(encoded));
    }),
  );
});

test("a known feed keeps its hash", () => {
  const parts = {
    fabric: fabricIdSchema.parse("demo"),
    cryptlet: cryptletIdSchema.parse("gold-price"),
    feed: feedIdSchema.parse("xau-usd"),
  };
  const hash = computeFeedHash({ ...parts, parameters: { b: 1, a: [] } });
  expect(hash).toBe(computeFeedHash({ ...parts, parameters: { a: [], b: 1 } }));
  expect(hash).not.toBe(computeFeedHash({ ...parts, parameters: { a: [], b: "1" } }));
  expect(computeFeedHash({ ...parts, parameters: null })).toMatchInlineSnapshot(
    `"0x8d9eab7134377669d3fda826fa70d4a15d9c115d8a8459b3c0f890447c84cd3c"`,
  );
});

test("no part can be moved into its neighbour", () => {
  fc.assert(
    fc.property(feed, feed, (a, b) => {
      const same = canonicalJson(a) === canonicalJson(b);
      expect(computeFeedHash(a) === computeFeedHash(b)).toBe(same);
    }),
  );
});
