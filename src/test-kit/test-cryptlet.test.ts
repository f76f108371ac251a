import { describe, expect, it } from "vitest";
import type { ObservationDraft } from "../sdk/abi.ts";
import type { RunContext } from "../sdk/context.ts";
import { defineCryptlet } from "../sdk/define-cryptlet.ts";
import { aggregate } from "../sdk/aggregate.ts";
import { readJson } from "../sdk/json-reader.ts";
import { noParameters } from "../sdk/parameters.ts";
import { readSources, type PriceSource } from "../sdk/read-sources.ts";
import type { RecordedChain } from "./recorded.ts";
import { testCryptlet } from "./test-cryptlet.ts";

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
    const { error } = await testCryptlet(cryptlet, { answers: { one }, at: AT, secrets: [] });
    expect(error).toMatchObject({
      code: "TOO_FEW_SOURCES",
      arguments: { failures: "one: HTTP_SECRET_UNKNOWN, two: HTTP_SECRET_UNKNOWN" },
    });
  });
});

const capabilities = {
  http: { hosts: [{ host: "one.example.com", paths: ["/"] }] },
  state: { maxBytes: 20, maxKeys: 2 },
  configuration: true,
  chains: [
    {
      chain: "ethereum",
      chainId: 1,
      contracts: [{ address: `0x${"c0".repeat(20)}`, selectors: ["0xfeaf968c"] }],
    },
  ],
  calls: [{ cryptlet: "gold-price", feeds: ["xau-usd"] }],
};
const draft: ObservationDraft = {
  feed: "a",
  value: { kind: "decimal", text: "1.0", decimals: 1, unit: "USD" },
  observedAt: AT,
  market,
  sources: [],
  aggregation: { method: "none", minSources: 1, used: 1, spread: "0" },
};
/** A Cryptlet with all of these capabilities, or none, that does this. */
const doing = (act: (ctx: RunContext) => unknown, granted: object = capabilities) => {
  const seen: unknown[] = [];
  const manifest = { ...cryptlet.manifest, description: "A probe", capabilities: granted };
  const feeds = manifest.feeds.map((feed) => ({ ...feed, description: "A feed" }));
  const probe = defineCryptlet({
    manifest: { ...manifest, feeds },
    feeds: { a: { parameters: noParameters } },
    run: (ctx) => {
      seen.push(act(ctx));
      return draft;
    },
  });
  return { probe, seen };
};
const query = { kind: "call", contract: `0x${"c0".repeat(20)}`, data: "0xfeaf968c" } as const;
const result = { kind: "call", ok: true, data: "0x2a" } as const;

describe("a test run", () => {
  it("has a state, a configuration, random bytes, and pure functions that are the enclave's", async () => {
    const { probe, seen } = doing((ctx) => {
      ctx.state.put("n", `${Number(ctx.state.get("n")) + 1}`);
      ctx.state.delete("old");
      return [ctx.state.list(), ctx.configuration(), ctx.pure.sha256({ text: "abc" }).slice(0, 8)];
    });
    const run = { at: AT, state: { n: "1", old: "x" }, configuration: { region: "eu" } };
    const report = await testCryptlet(probe, run);
    expect(seen).toEqual([[["n"], { region: "eu" }, "ba7816bf"]]);
    expect(report.state).toEqual({ n: "2" });
    expect(report.calls.map(({ op }) => op)).toEqual([
      "state.get",
      "state.put",
      "state.delete",
      "state.list",
      "configuration",
    ]);
  });

  it("keeps the state of a Cryptlet that refused", async () => {
    const { probe } = doing((ctx) => {
      ctx.state.put("n", "2");
      throw new Error("no");
    });
    expect((await testCryptlet(probe, { at: AT, state: { n: "1" } })).state).toEqual({ n: "1" });
  });

  it("reads recorded chains and calls recorded Cryptlets, each with its reference", async () => {
    const { probe, seen } = doing((ctx) => {
      const peg = ctx.chain.read("ethereum", [query]);
      const gold = ctx.call("gold-price", "xau-usd", {});
      return [peg.reference, peg.chainId, peg.results, gold.reference, gold.observation];
    });
    await testCryptlet(probe, {
      at: AT,
      chains: { ethereum: { results: [result] } },
      calls: { "gold-price": { observation: draft } },
    });
    expect(seen).toEqual([[1, 1, [result], 2, draft]]);
  });

  it.each<[string, string, (ctx: RunContext) => unknown]>([
    ["a quota", "STATE_QUOTA", (ctx) => ctx.state.put("key", "x".repeat(18))],
    ["another chain", "CHAIN_READ_REFUSED", (ctx) => ctx.chain.read("base", [query])],
    [
      "another selector",
      "CHAIN_READ_REFUSED",
      (ctx) => ctx.chain.read("ethereum", [{ ...query, data: "0x00000000" }]),
    ],
    ["another feed", "CALL_REFUSED", (ctx) => ctx.call("gold-price", "xag-usd", {})],
    ["what was not granted", "CAPABILITY_NOT_GRANTED", (ctx) => ctx.now()],
    ["what was not recorded", "HTTP_UNREACHABLE", (ctx) => ctx.call("gold-price", "xau-usd", {})],
    ["a recorded fault", "CHAIN_NO_QUORUM", (ctx) => ctx.chain.read("ethereum", [query])],
    ["a name that is no secret's", "HTTP_SECRET_UNKNOWN", (ctx) => ctx.secret("lower")],
    ["malformed bytes", "HOST_CALL_INVALID", (ctx) => ctx.pure.sha256({ hex: "0x" })],
  ])("refuses %s as the enclave does", async (_name, code, act) => {
    const fault = { error: "CHAIN_NO_QUORUM", arguments: { chain: "e", agreed: "1", needed: "2" } };
    const { error } = await testCryptlet(doing(act).probe, {
      at: AT,
      chains: { ethereum: fault as RecordedChain },
    });
    expect(error?.code).toBe(code);
  });

  it("refuses a host that the manifest does not name", async () => {
    const { probe, seen } = doing((ctx) => ctx.http.get("https://two.example.com/"));
    await testCryptlet(probe, { at: AT, answers: { "two.example.com": one } });
    expect(seen).toMatchObject([{ ok: false, error: { code: "HTTP_HOST_NOT_ALLOWED" } }]);
  });

  it("gives a handle where a secret is asked for", async () => {
    const { probe, seen } = doing((ctx) => ctx.secret("KEY"));
    await testCryptlet(probe, { at: AT });
    expect(seen).toEqual(["{{secret:KEY}}"]);
  });

  it("grants everything to a sketch without capabilities", async () => {
    const report = await testCryptlet(
      defineCryptlet({
        manifest: cryptlet.manifest,
        feeds: cryptlet.feeds,
        run: (ctx) => ({ ...draft, observedAt: ctx.now() }),
      }),
      { at: AT },
    );
    expect(report.observation?.observedAt).toBe(AT);
  });
});
