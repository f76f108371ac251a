import { describe, expect, it } from "vitest";
import { defineCryptlet } from "./define-cryptlet.ts";
import { aggregate } from "./aggregate.ts";
import { readJson } from "./json-reader.ts";
import { noParameters } from "./parameters.ts";
import { readSources, type PriceSource } from "./read-sources.ts";
import { testCryptlet } from "./test-kit.ts";

const source = (id: string, maxAgeMs: number | null = null): PriceSource => ({
  id,
  maxAgeMs,
  request: { method: "GET", url: `https://${id}.example.com/`, headers: { key: "{{secret:KEY}}" } },
  extract: ({ body }) => {
    const root = readJson(body);
    return {
      price: root.field("p").price("number"),
      observedAt: root.optionalField("t")?.epoch("ms") ?? null,
    };
  },
});
const market = { status: "unknown", session: null, nextOpen: null } as const;
const cryptlet = defineCryptlet({
  manifest: {
    id: "probe",
    version: "1.0.0",
    feeds: [{ id: "a", kind: "decimal", decimals: 1, unit: "USD", minSources: 1 }],
  },
  feeds: { a: { parameters: noParameters } },
  run: (ctx) =>
    aggregate(ctx.feed, readSources(ctx, [source("one"), source("two", 1_000)]), {
      mads: 5,
      floorPpm: 5_000,
      ceilingPpm: 20_000,
      market,
    }),
});
const AT = 1_700_000_000_000;
const one = { body: '{"p":10}' };
const secrets = ["KEY"];

describe("testCryptlet and readSources", () => {
  it("give every request its own reference and outcome", async () => {
    const { observation, requests } = await testCryptlet(cryptlet, {
      answers: { one, two: { body: `{"p":10.1,"t":${AT}}` } },
      at: AT,
      secrets,
    });
    expect(
      observation?.sources.map(({ reference, extracted, observedAt }) => [
        reference,
        extracted,
        observedAt,
      ]),
    ).toEqual([
      [1, "10", null],
      [2, "10.1", AT],
    ]);
    expect(requests.map(({ id }) => id)).toEqual(["one", "two"]);
  });

  it.each([
    ["an answer that was not recorded", undefined, "HTTP_UNREACHABLE"],
    ["an error of the capability", { error: "HTTP_TLS_REFUSED" } as const, "HTTP_TLS_REFUSED"],
    ["another status", { status: 404, body: "" }, "SOURCE_STATUS"],
    ["an old value", { body: `{"p":10,"t":${AT - 1_001}}` }, "SOURCE_STALE"],
    ["a value of the future", { body: `{"p":10,"t":${AT + 60_001}}` }, "SOURCE_FROM_FUTURE"],
    ["an extraction that fails", { body: "[]" }, "SOURCE_SHAPE"],
  ])("report %s under its code and go on", async (_what, two, code) => {
    const { observation, log } = await testCryptlet(cryptlet, {
      answers: { one, ...(two ? { two } : {}) },
      at: AT,
      secrets,
    });
    expect(observation?.sources[1]).toMatchObject({ error: code, extracted: null });
    expect(log).toEqual([{ level: "warn", message: expect.stringContaining(code) as string }]);
  });

  it("name a secret that has no value", async () => {
    const { error } = await testCryptlet(cryptlet, { answers: { one }, at: AT });
    expect(error).toMatchObject({
      code: "TOO_FEW_SOURCES",
      arguments: { failures: "one: HTTP_SECRET_UNKNOWN, two: HTTP_SECRET_UNKNOWN" },
    });
  });
});
