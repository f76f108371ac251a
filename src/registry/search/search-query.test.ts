import { describe, expect, it } from "vitest";
import { parseSearchQuery } from "./search-query.ts";

const codeOf = (text: string): unknown => {
  try {
    parseSearchQuery(text);
  } catch (error) {
    return error;
  }
  return null;
};

describe("a question", () => {
  it.each([
    ["gold price", { name: "gold-price", words: ["gold", "price"], filters: [] }],
    ["  Gold-Price ", { name: "gold-price", words: ["gold", "price"], filters: [] }],
    ["a--b", { name: "a--b", words: ["b"], filters: [] }],
    ["the price of gold", { name: "the-price-of-gold", words: ["price", "gold"] }],
    ["of the", { words: ["of", "the"] }],
    ["gold gold", { words: ["gold"] }],
    ["", { name: "", words: [], filters: [] }],
    [
      "gold host:*.Kraken.com licence:MIT",
      {
        words: ["gold"],
        filters: [
          { name: "host", value: "kraken.com", prefix: false },
          { name: "licence", value: "mit", prefix: false },
        ],
      },
    ],
    ["FEED:xau-*", { filters: [{ name: "feed", value: "xau-", prefix: true }] }],
    ["license:MIT", { filters: [{ name: "licence", value: "mit" }] }],
    ["capability:secrets", { filters: [{ name: "capability", value: "secret" }] }],
    ["lane:js lane:js", { filters: [{ name: "lane", value: "js" }] }],
  ])("%j is understood", (text, expected) => {
    expect(parseSearchQuery(text)).toMatchObject(expected);
  });

  it.each([
    ["a".repeat(257)],
    ["hots:kraken.com"],
    ["host:"],
    ["host:a b:"],
    ['host:"x"'],
    ["feed:x*"],
    ["feed:*"],
    ["feed:a*b"],
    ["host:äh"],
    ["is:popular"],
    ["is:rev*"],
    ["one two three four five six seven eight nine"],
    ["lane:a lane:b lane:c lane:d lane:e lane:f lane:g lane:h lane:i"],
  ])("%j is refused", (text) => {
    expect(codeOf(text)).toMatchObject({ code: "REGISTRY_QUERY_INVALID" });
  });
});
