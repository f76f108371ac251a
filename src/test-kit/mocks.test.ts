import { AssertionError } from "node:assert";
import { Interface } from "ethers/abi";
import { describe, expect, it } from "vitest";
import type { ObservationDraft } from "../sdk/abi.ts";
import type { RunContext } from "../sdk/context.ts";
import { defineCryptlet } from "../sdk/define-cryptlet.ts";
import { expectObservation, expectRefusal } from "./expect-observation.ts";
import { decimalDraft, mockCall } from "./mock-call.ts";
import { mockChain, revertWith } from "./mock-chain.ts";
import { mockHttp } from "./mock-http.ts";
import { mockState } from "./mock-state.ts";
import { createTestClock } from "./test-clock.ts";
import { testCryptlet } from "./test-cryptlet.ts";

const AT = Date.parse("2026-05-10T12:00:00Z");
const CONTRACT = `0x${"c0".repeat(20)}`;
const ABI = [
  "function state() view returns (uint8)",
  "function pair(int256 of) view returns (int256 low, int256 high)",
  "function shut() view returns (bool)",
  "event Moved(address indexed by, int256 price)",
];
const codec = new Interface(ABI);
const selector = (name: string) => codec.getFunction(name)?.selector ?? "";
const moved = codec.getEvent("Moved")?.topicHash ?? "";

const manifest = {
  id: "probe",
  version: "1.0.0",
  description: "A probe",
  feeds: [
    {
      id: "price",
      kind: "decimal",
      decimals: 2,
      unit: "EUR",
      minSources: 1,
      description: "A price",
    },
    {
      id: "card",
      kind: "record",
      minSources: 1,
      description: "A record",
      fields: { name: "string", open: "boolean" },
    },
  ],
  capabilities: {
    time: true,
    state: {},
    http: {
      hosts: [{ host: "one.example.com", paths: ["/"] }],
      maxRequests: 3,
      maxResponseBytes: 64,
    },
    secrets: [{ name: "KEY", hosts: ["two.example.com"] }],
    chains: [
      {
        chain: "local",
        chainId: 31_337,
        quorum: 2,
        contracts: [
          {
            address: CONTRACT,
            selectors: ["state", "pair", "shut"].map(selector),
            events: [moved],
          },
        ],
      },
    ],
    calls: [{ cryptlet: "gold-price", feeds: ["xau-usd"] }],
  },
  limits: { maxHostCalls: 8 },
};
// A secret of one host that covers it only once it is named there.
manifest.capabilities.http.hosts.push({ host: "two.example.com", paths: ["/"] });

const draft = (change: Partial<ObservationDraft> = {}): ObservationDraft => ({
  ...decimalDraft({ feed: "price", text: "-12.50", decimals: 2, unit: "EUR", at: AT }),
  sources: [
    {
      id: "one",
      reference: 1,
      extracted: "-12.5",
      observedAt: null,
      outlier: false,
      error: null,
    },
  ],
  ...change,
});
const doing = (act: (ctx: RunContext) => unknown, result = draft()) => {
  const seen: unknown[] = [];
  const cryptlet = defineCryptlet({
    manifest,
    feeds: { price: { parameters: () => ({}) }, card: { parameters: () => ({}) } },
    run: (ctx) => {
      seen.push(act(ctx));
      return result;
    },
  });
  return { cryptlet, seen };
};
const get = (ctx: RunContext) => ctx.http.get("https://one.example.com/", { id: "one" });
const asking = (result?: ObservationDraft) => doing(get, result).cryptlet;
const answers = { one: { body: "{}" } };

describe("mockHttp", () => {
  it("answers by name, remembers what was asked, and goes on through a list", async () => {
    const http = mockHttp({
      one: [
        { json: { price: -12.5 } },
        { error: "HTTP_TIMEOUT" },
        ({ url }, before) => ({ status: 418, body: `${url} ${before}` }),
      ],
    });
    const { cryptlet, seen } = doing((ctx) => [get(ctx), get(ctx), get(ctx)]);
    await testCryptlet(cryptlet, { at: AT, http });
    expect(seen[0]).toMatchObject([
      { ok: true, status: 200, body: '{"price":-12.5}', receivedAt: AT },
      { ok: false, error: { code: "HTTP_TIMEOUT" } },
      { ok: true, status: 418, body: "https://one.example.com/ 2" },
    ]);
    expect(http.requestsTo("one")).toHaveLength(3);
    expect(http.requests).toEqual(http.requestsTo("one"));
  });

  it("comes before answers by name; what it lacks they give", async () => {
    const both = { at: AT, http: mockHttp({ one: { body: "mock" } }), answers };
    const { cryptlet, seen } = doing(get);
    await testCryptlet(cryptlet, both);
    await testCryptlet(cryptlet, { ...both, http: mockHttp({}) });
    expect(seen).toMatchObject([{ body: "mock" }, { body: "{}" }]);
  });

  it.each<[string, (ctx: RunContext) => unknown, string]>([
    [
      "more requests than the manifest allows",
      (ctx) => [get(ctx), get(ctx), get(ctx), get(ctx)].at(-1),
      "HTTP_TOO_MANY_REQUESTS",
    ],
    [
      "a name twice in one call",
      (ctx) =>
        ctx.http.all(
          ["a", "a"].map((id) => ({ id, method: "GET" as const, url: "https://one.example.com/" })),
        )[1],
      "HTTP_REQUEST_INVALID",
    ],
    [
      "a header that belongs to the enclave",
      (ctx) => ctx.http.get("https://one.example.com/", { headers: { host: "x" } }),
      "HTTP_REQUEST_INVALID",
    ],
    [
      "a secret for another host",
      (ctx) => ctx.http.get("https://one.example.com/", { headers: { key: ctx.secret("KEY") } }),
      "HTTP_SECRET_NOT_BOUND",
    ],
    [
      "an answer that is too large",
      (ctx) => ctx.http.get("https://one.example.com/", { id: "large" }),
      "HTTP_TOO_LARGE",
    ],
  ])("is held to the manifest: %s", async (_what, act, code) => {
    const { cryptlet, seen } = doing(act);
    const large = { body: "x".repeat(65) };
    await testCryptlet(cryptlet, { at: AT, answers: { ...answers, large }, secrets: ["KEY"] });
    expect(seen[0]).toMatchObject({ ok: false, error: { code } });
  });

  it("counts host calls as the enclave does", async () => {
    const { cryptlet } = doing((ctx) => Array.from({ length: 9 }, () => ctx.now()));
    expectRefusal(await testCryptlet(cryptlet, { at: AT }), "HOST_CALL_LIMIT", { limit: "8" });
  });
});

const call = (name: string, values: readonly unknown[] = []) =>
  ({
    kind: "call",
    contract: CONTRACT,
    data: codec.encodeFunctionData(name, [...values]),
  }) as const;
const logs = (blocks: number) =>
  ({ kind: "logs", contract: CONTRACT, topics: [moved], blocks }) as const;

describe("mockChain", () => {
  const chain = () =>
    mockChain({
      local: {
        block: { number: 100, hash: `0x${"ab".repeat(32)}`, timestamp: AT },
        contracts: [
          {
            address: CONTRACT,
            abi: ABI,
            answers: { state: 3n, pair: (of: bigint) => [-of, of], shut: revertWith("0xdead") },
            events: [
              { event: "Moved", arguments: [CONTRACT, -5n] },
              { event: "Moved", arguments: [CONTRACT, 5n], block: 91 },
            ],
          },
        ],
      },
    });

  it("encodes as a node does, reverts, and gives the logs of the window in order", async () => {
    const mock = chain();
    const { cryptlet, seen } = doing((ctx) =>
      ctx.chain.read("local", [call("state"), call("pair", [7n]), call("shut"), logs(10), logs(9)]),
    );
    await testCryptlet(cryptlet, { at: AT, chain: mock });
    const [answer] = seen as [{ results: { data: string; ok: boolean; logs: unknown[] }[] }];
    const [state, pair, shut, ten, nine] = answer.results;
    expect(BigInt(state?.data ?? "")).toBe(3n);
    expect(codec.decodeFunctionResult("pair", pair?.data ?? "").toArray()).toEqual([-7n, 7n]);
    expect(shut).toMatchObject({ ok: false, data: "0xdead" });
    expect(ten?.logs).toMatchObject([{ block: 91 }, { block: 100 }]);
    expect(nine?.logs).toMatchObject([{ block: 100 }]);
    expect(answer).toMatchObject({ chainId: 31_337, quorum: { agreed: 2, asked: 2 } });
    expect(mock.reads).toHaveLength(1);
  });

  it("says what a chain says where nothing is, and refuses an answer that fits no question", async () => {
    const empty = mockChain({ local: { contracts: [] } });
    const { cryptlet, seen } = doing((ctx) => ctx.chain.read("local", [call("state")]).results);
    await testCryptlet(cryptlet, { at: AT, chain: empty });
    expect(seen).toEqual([[{ kind: "call", ok: true, data: "0x" }]]);
    const wrong = await testCryptlet(cryptlet, { at: AT, chains: { local: { results: [] } } });
    expectRefusal(wrong, "CHAIN_UNAVAILABLE");
    const down = mockChain({ local: { error: "CHAIN_NO_QUORUM" } });
    expectRefusal(await testCryptlet(cryptlet, { at: AT, chain: down }), "CHAIN_NO_QUORUM");
    expectRefusal(
      await testCryptlet(cryptlet, { at: AT, chain: mockChain({}) }),
      "HTTP_UNREACHABLE",
    );
  });
});

describe("mockCall and mockState", () => {
  const gold = decimalDraft({ feed: "xau-usd", text: "1", decimals: 0, unit: "USD", at: AT });
  it("answers for other Cryptlets", async () => {
    const mock = mockCall({
      "gold-price": ({ parameters }) => ({ ...gold, feed: JSON.stringify(parameters) }),
    });
    const { cryptlet, seen } = doing(
      (ctx) => ctx.call("gold-price", "xau-usd", { a: 1 }).observation.feed,
    );
    await testCryptlet(cryptlet, { at: AT, call: mock });
    expect(seen).toEqual(['{"a":1}']);
    expect(mock.calls).toMatchObject([{ feed: "xau-usd" }]);
    const failing = mockCall({ "gold-price": { error: "CALL_FAILED" } });
    expectRefusal(await testCryptlet(cryptlet, { at: AT, call: failing }), "CALL_FAILED");
  });

  it("keeps a state from run to run, and not over a refusal", async () => {
    const state = mockState({ n: "1" });
    const { cryptlet } = doing((ctx) => {
      ctx.state.put("n", `${Number(ctx.state.get("n")) + 1}`);
      if (ctx.state.get("n") === "3") throw new Error("no");
    });
    await testCryptlet(cryptlet, { at: AT, state });
    expect(state.entries).toEqual({ n: "2" });
    const refused = await testCryptlet(cryptlet, { at: AT, state });
    expect(refused.state).toEqual({ n: "2" });
    expect(state.entries).toEqual({ n: "2" });
  });
});

describe("the clock of a test", () => {
  it("is the trigger's, the enclave's and the answers'", async () => {
    const clock = createTestClock("2026-05-10T12:00:00Z");
    const { cryptlet, seen } = doing((ctx) => {
      const answer = get(ctx);
      return [ctx.trigger.at, ctx.now(), answer.ok && answer.receivedAt];
    });
    await testCryptlet(cryptlet, { at: clock, answers });
    clock.advance(1_000);
    await testCryptlet(cryptlet, { at: clock, answers });
    expect(seen).toEqual([AT, AT + 1_000].map((time) => [time, time, time]));
    expect(clock.set(AT)).toBe(AT);
    expect(() => clock.advance(-1)).toThrow(RangeError);
    expect(() => createTestClock("yesterday")).toThrow(RangeError);
  });
});

describe("expectObservation", () => {
  const run = { at: AT, answers };
  it("asserts what would be signed, part by part", async () => {
    const report = await testCryptlet(asking(), run);
    expectObservation(report)
      .toHaveValue("-12.50")
      .toHaveUsed(1)
      .toHaveSource("one", { extracted: "-12.5", outlier: false })
      .toBeObservedAt("2026-05-10T12:00:00Z");
    expect(report.statement).toMatchObject({ value: { text: "-12.50" }, subject: { round: 1 } });
    const expectation = expectObservation(report);
    expect(() => expectation.toHaveValue("-12.5")).toThrow(/-12\.50/);
    expect(() => expectation.toHaveUsed(2)).toThrow(AssertionError);
    expect(() => expectation.toHaveSource("two")).toThrow(AssertionError);
    expect(() => expectation.toHaveSource("one", { outlier: true })).toThrow(/outlier/);
    expect(() => expectation.toBeObservedAt(0)).toThrow(AssertionError);
    expect(() => expectation.toHaveFields({ name: "x" })).toThrow(AssertionError);
    expect(() => expectRefusal(report, "TOO_FEW_SOURCES")).toThrow(/did not refuse/);
  });

  it("asserts fields of a record", async () => {
    const fields = {
      name: { type: "string", value: "A" },
      open: { type: "boolean", value: "true" },
    } as const;
    const record = draft({ feed: "card", value: { kind: "record", fields } });
    const expectation = expectObservation(
      await testCryptlet(asking(record), { ...run, feed: "card" }),
    );
    expectation.toHaveFields({ name: "A", open: { type: "boolean", value: "true" } });
    expect(() => expectation.toHaveFields({ name: "B" })).toThrow(AssertionError);
    expect(() => expectation.toHaveFields({ open: { type: "string", value: "true" } })).toThrow(
      AssertionError,
    );
    expect(() => expectation.toHaveFields({ other: "x" })).toThrow(AssertionError);
    expect(() => expectation.toHaveValue("1")).toThrow(AssertionError);
  });

  const [source] = draft().sources;
  it.each<[string, Partial<ObservationDraft>]>([
    ["too many digits", { value: { kind: "decimal", text: "1.005", decimals: 2, unit: "EUR" } }],
    ["another unit", { value: { kind: "decimal", text: "1", decimals: 2, unit: "USD" } }],
    ["another feed", { feed: "card" }],
    ["a source of nowhere", { sources: [{ ...source, reference: 9 } as never] }],
    ["no source", { sources: [] }],
    ["a value of the future", { observedAt: AT + 60_001 }],
    [
      "text that is no number",
      { value: { kind: "decimal", text: "1e3", decimals: 2, unit: "EUR" } },
    ],
    [
      "a number that no contract holds",
      { value: { kind: "decimal", text: `1${"0".repeat(90)}`, decimals: 2, unit: "EUR" } },
    ],
    ["a long method", { aggregation: { ...draft().aggregation, method: "m".repeat(65) } }],
  ])("fails for what the enclave would not sign: %s", async (_what, change) => {
    const report = await testCryptlet(asking(draft(change)), run);
    expect(report.fault?.code).toMatch(
      /^(?:OBSERVATION_REFUSED|GUEST_ANSWER_INVALID|VALUE_NOT_ENCODABLE|STATEMENT_MALFORMED)$/,
    );
    expect(() => expectObservation(report)).toThrow(/would not sign/);
  });

  it("fails for a refusal and for a sketch, in words", async () => {
    const refused = await testCryptlet(
      doing(() => {
        throw new Error("no");
      }).cryptlet,
      run,
    );
    expect(() => expectObservation(refused)).toThrow(/CRYPTLET_FAILED/);
    expect(() => expectRefusal(refused, "TOO_FEW_SOURCES")).toThrow(/CRYPTLET_FAILED/);
    expect(() => expectRefusal(refused, "CRYPTLET_FAILED", { reason: "yes" })).toThrow(/reason/);
    const { capabilities: _all, ...sketch } = manifest;
    const report = await testCryptlet({ ...asking(), manifest: sketch }, run);
    expect(report).toMatchObject({ statement: null, fault: null, error: null });
    expect(() => expectObservation(report)).toThrow(/sketch/);
  });
});
