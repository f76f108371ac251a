import { readFile } from "node:fs/promises";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { testCryptlet, type RecordedAnswer } from "../../src/test-kit/index.ts";
import { cryptlet } from "./src/main.ts";

const AT = Date.parse("2026-07-03T16:09:00Z");
const NAMES = ["swissquote", "gold-api", "kraken", "coinbase", "bitfinex"] as const;
type Name = (typeof NAMES)[number];
const recorded = new Map<Name, string>();

beforeAll(async () => {
  for (const name of NAMES)
    recorded.set(
      name,
      await readFile(new URL(`vectors/${name}.body.txt`, import.meta.url), "utf8"),
    );
});

const bodyOf = (name: Name): string => recorded.get(name) ?? "";
const answersWith = (changes: Partial<Record<Name, RecordedAnswer>>) =>
  Object.fromEntries(NAMES.map((name) => [name, changes[name] ?? { body: bodyOf(name) }]));
const runWith = (changes: Partial<Record<Name, RecordedAnswer>>, at = AT) =>
  testCryptlet(cryptlet, { answers: answersWith(changes), at });
const sourceOf = async (name: Name, answer: RecordedAnswer) => {
  const { observation } = await runWith({ [name]: answer });
  return observation?.sources.find(({ id }) => id === name);
};

describe("gold-price on recorded answers", () => {
  it("takes the median of five sources with spread and each source's own value", async () => {
    const { observation, error } = await runWith({});
    expect(error).toBeNull();
    expect(observation).toMatchObject({
      feed: "xau-usd",
      value: { kind: "decimal", text: "4165.21200000", decimals: 8, unit: "USD per troy ounce" },
      market: { status: "open", nextOpen: null },
      aggregation: {
        method: "median;mad=5;floor=5000ppm;ceiling=20000ppm",
        minSources: 3,
        used: 5,
        spread: "2.87500000",
      },
    });
    expect(observation?.sources).toEqual([
      {
        id: "swissquote",
        reference: 1,
        extracted: "4165.212",
        observedAt: 1_783_094_939_897,
        outlier: false,
        error: null,
      },
      {
        id: "gold-api",
        reference: 2,
        extracted: "4165.200195",
        observedAt: 1_783_094_934_000,
        outlier: false,
        error: null,
      },
      {
        id: "kraken",
        reference: 3,
        extracted: "4166.565",
        observedAt: null,
        outlier: false,
        error: null,
      },
      {
        id: "coinbase",
        reference: 4,
        extracted: "4167.125",
        observedAt: 1_783_094_861_512,
        outlier: false,
        error: null,
      },
      {
        id: "bitfinex",
        reference: 5,
        extracted: "4164.25",
        observedAt: null,
        outlier: false,
        error: null,
      },
    ]);
  });

  it("asks exactly the five public endpoints, with nothing but a GET", async () => {
    const { requests } = await runWith({});
    expect(requests).toEqual([
      {
        id: "swissquote",
        method: "GET",
        url: "https://forex-data-feed.swissquote.com/public-quotes/bboquotes/instrument/XAU/USD",
      },
      { id: "gold-api", method: "GET", url: "https://api.gold-api.com/price/XAU" },
      { id: "kraken", method: "GET", url: "https://api.kraken.com/0/public/Ticker?pair=PAXGUSD" },
      {
        id: "coinbase",
        method: "GET",
        url: "https://api.exchange.coinbase.com/products/PAXG-USD/ticker",
      },
      { id: "bitfinex", method: "GET", url: "https://api-pub.bitfinex.com/v2/ticker/tXAUT:USD" },
    ]);
  });

  it("gives the same outcome for the same answers", async () => {
    expect(await runWith({})).toEqual(await runWith({}));
  });

  it("names an outlier and leaves it out", async () => {
    const { observation } = await runWith({
      bitfinex: { body: "[8330,1,8331,1,0,0,8330,1,8400,8200]" },
    });
    expect(observation?.sources.find(({ id }) => id === "bitfinex")).toMatchObject({
      extracted: "8330.5",
      outlier: true,
      error: null,
    });
    expect(observation?.aggregation.used).toBe(4);
  });

  it("publishes with three sources and refuses with two, naming every fault", async () => {
    const down = { error: "HTTP_UNREACHABLE" } as const;
    const three = await runWith({ swissquote: down, "gold-api": down });
    expect(three.observation?.aggregation.used).toBe(3);
    const two = await runWith({
      swissquote: down,
      "gold-api": { error: "HTTP_TIMEOUT" },
      kraken: { status: 503, body: "" },
    });
    expect(two.observation).toBeNull();
    expect(two.error).toMatchObject({
      code: "TOO_FEW_SOURCES",
      arguments: {
        used: "2",
        minSources: "3",
        failures: "swissquote: HTTP_UNREACHABLE, gold-api: HTTP_TIMEOUT, kraken: SOURCE_STATUS",
      },
    });
    expect(two.log).toHaveLength(3);
  });

  it("refuses a mix of live and emulated answers", async () => {
    const { error } = await runWith({ kraken: { body: bodyOf("kraken"), mode: "LIVE" } });
    expect(error?.code).toBe("SOURCE_MODES_MIXED");
  });

  it("refuses parameters and feeds that it does not have", async () => {
    const answers = answersWith({});
    const extra = await testCryptlet(cryptlet, { answers, at: AT, parameters: { pair: "XAG" } });
    expect(extra.error?.code).toBe("PARAMETERS_INVALID");
    const other = await testCryptlet(cryptlet, { answers, at: AT, feed: "xag-usd" });
    expect(other.error?.code).toBe("FEED_NOT_DECLARED");
  });
});

describe("one bad answer costs its source only", () => {
  const swap = (name: Name, from: string | RegExp, to: string) => () => ({
    body: bodyOf(name).replaceAll(from, to),
  });
  const cases: readonly [string, Name, () => RecordedAnswer, string][] = [
    [
      "a number as text",
      "gold-api",
      swap("gold-api", "4165.200195", '"4165.200195"'),
      "SOURCE_SHAPE",
    ],
    ["a text as number", "kraken", swap("kraken", /"(416[57]\.\d+)"/g, "$1"), "SOURCE_SHAPE"],
    ["NaN as text", "coinbase", swap("coinbase", "4166.35", "NaN"), "PRICE_NOT_A_NUMBER"],
    ["NaN as a word", "gold-api", swap("gold-api", "4165.200195", "NaN"), "JSON_INVALID"],
    ["a negative price", "bitfinex", swap("bitfinex", "4163.1", "-4163.1"), "PRICE_NOT_POSITIVE"],
    ["a price of zero", "gold-api", swap("gold-api", "4165.200195", "0.000"), "PRICE_NOT_POSITIVE"],
    [
      "a price with a thousand digits",
      "gold-api",
      swap("gold-api", "4165.200195", "1e999"),
      "PRICE_NOT_A_NUMBER",
    ],
    [
      "a bid above the ask",
      "coinbase",
      swap("coinbase", '"4166.35"', '"4169.00"'),
      "PRICE_CROSSED",
    ],
    ["a missing field", "gold-api", swap("gold-api", '"price"', '"prize"'), "SOURCE_SHAPE"],
    ["another symbol", "gold-api", swap("gold-api", "XAU", "XAG"), "SOURCE_SHAPE"],
    [
      "a key twice with one value",
      "kraken",
      swap("kraken", '"error": [],', '"error": [],"error": [],'),
      "JSON_DUPLICATE_KEY",
    ],
    [
      "an error inside a 200",
      "kraken",
      () => ({ body: '{"error":["EQuery:Unknown asset pair"]}' }),
      "SOURCE_REPORTED_ERROR",
    ],
    [
      "a refusal in list form",
      "bitfinex",
      () => ({ body: '["error",10020,"symbol: invalid"]' }),
      "SOURCE_REPORTED_ERROR",
    ],
    ["a list that is too short", "bitfinex", () => ({ body: "[4163.1,1,4165.4]" }), "SOURCE_SHAPE"],
    ["no platforms", "swissquote", () => ({ body: "[]" }), "SOURCE_SHAPE"],
    [
      "no quotes",
      "swissquote",
      swap("swissquote", /"spreadProfilePrices": \[[^\]]*\]/g, '"spreadProfilePrices": []'),
      "SOURCE_SHAPE",
    ],
    ["an old quote", "swissquote", swap("swissquote", /17830949/g, "17830849"), "SOURCE_STALE"],
    [
      "a quote from the future",
      "gold-api",
      swap("gold-api", "16:08:54", "16:30:00"),
      "SOURCE_FROM_FUTURE",
    ],
    [
      "an impossible time",
      "coinbase",
      swap("coinbase", "2026-07-03T16", "2026-13-03T16"),
      "SOURCE_SHAPE",
    ],
    ["a page of HTML", "gold-api", () => ({ body: "<!doctype html>" }), "JSON_INVALID"],
    ["status 500", "coinbase", () => ({ status: 500, body: "{}" }), "SOURCE_STATUS"],
    ["an empty body", "kraken", () => ({ body: "" }), "JSON_INVALID"],
    ["endless nesting", "bitfinex", () => ({ body: "[".repeat(60_000) }), "JSON_INVALID"],
  ];

  it.each(cases)("%s", async (_what, name, answer, code) => {
    const source = await sourceOf(name, answer());
    expect(source).toMatchObject({ error: code, extracted: null, outlier: false });
  });

  it("survives any text from any source", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...NAMES),
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map((text) => `[${text}]`),
        ),
        async (name, body) => {
          const source = await sourceOf(name, { body });
          expect(source?.error).toMatch(/^(?:JSON|SOURCE|PRICE)_/);
        },
      ),
    );
  });
});
