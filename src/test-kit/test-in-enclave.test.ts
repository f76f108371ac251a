import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEnclave } from "../../enclave-sim/host/create-enclave.ts";
import { probeOptions } from "../../test/support/guest-fixture.ts";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { buildPackage } from "../../enclave-sim/host/build-package.ts";
import { expectObservation, expectRefusal } from "./expect-observation.ts";
import { mockHttp } from "./mock-http.ts";
import { mockState } from "./mock-state.ts";
import { testCryptlet } from "./test-cryptlet.ts";
import { openTestEnclave, testInEnclave, type TestEnclave } from "./test-in-enclave.ts";
import { cryptlet as gold } from "../../cryptlets/gold-price/src/main.ts";

const GOLD = path.resolve("cryptlets/gold-price");
const AT = "2026-07-03T16:09:00Z";
const body = (price: string) => ({ body: price });
const http = () =>
  mockHttp({
    "gold-api": body(`{"name":"Gold","price":4165.20,"symbol":"XAU","updatedAt":"${AT}"}`),
    kraken: body('{"error":[],"result":{"PAXGUSD":{"a":["4167.1"],"b":["4166.1"]}}}'),
    bitfinex: body("[4163.1,1,4165.4,1,0,0,4164,1,4170,4160]"),
    coinbase: { error: "HTTP_TIMEOUT" },
  });

describe("a test in the enclave", () => {
  let enclave: TestEnclave;
  beforeAll(async () => {
    enclave = await openTestEnclave(GOLD);
  });
  afterAll(() => enclave.close());

  it("gives what the test's own engine gives, and signs it", async () => {
    const sources = http();
    const inside = await enclave.run({ at: AT, http: sources });
    const outside = await testCryptlet(gold, { at: AT, http: http() });
    expect(inside.observation).toEqual(outside.observation);
    expect(inside.requests).toEqual(outside.requests);
    expect(sources.requests).toEqual(outside.requests);
    expect(inside.log).toEqual(outside.log);
    expectObservation(inside).toHaveUsed(3).toHaveSource("coinbase", { error: "HTTP_TIMEOUT" });
    expect(inside.statement?.sources).toEqual(outside.statement?.sources);
    expect(inside.statement?.issuedAt).toBe(Date.parse(AT));
    expect(inside.signed?.envelope.signatures).toHaveLength(1);
    expect(inside.run?.receipt).toMatchObject({ lane: "js", determinism: "bit-for-bit" });
  });

  it("measures what the enclave of a host measures", async () => {
    const host = createEnclave({ wall: "insecure-none" });
    try {
      const built = await buildPackage(GOLD);
      const options = { ...probeOptions(temporaryFolder()), feeds: [] };
      expect((await host.load(built, options)).measurement).toBe(enclave.measurement);
    } finally {
      await host.close();
    }
  });

  it("refuses as the Cryptlet does, and keeps what was recorded of it", async () => {
    const report = await enclave.run({ at: AT });
    expectRefusal(report, "TOO_FEW_SOURCES", { used: "0" });
    expect(report).toMatchObject({ observation: null, statement: null, signed: null });
    expect(report.transcript?.entries.length).toBeGreaterThan(0);
  });

  it("runs again after a fault as often as a test likes", async () => {
    for (let n = 0; n < 8; n += 1)
      expect((await enclave.run({ at: AT, feed: "none" })).error?.code).toBe("FEED_NOT_DECLARED");
    expectObservation(await enclave.run({ at: AT, http: http() }));
  });
});

const MANIFEST = {
  id: "counter",
  version: "1.0.0",
  description: "Counts",
  language: "javascript",
  main: "main.js",
  feeds: [
    {
      id: "count",
      kind: "decimal",
      decimals: 0,
      unit: "runs",
      description: "Runs so far",
      minSources: 1,
    },
  ],
  capabilities: {
    state: {},
    time: true,
    http: { hosts: [{ host: "one.example.com", paths: ["/"] }] },
    secrets: [{ name: "KEY", hosts: ["one.example.com"] }],
  },
  limits: { timeoutMs: 1_000, memoryBytes: 16_777_216 },
};
const packageOf = (code: string): string => {
  const folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "cryptlet.json"), JSON.stringify(MANIFEST));
  writeFileSync(path.join(folder, "main.js"), code);
  return folder;
};
const running = (statements: string): string =>
  packageOf(`import manifest from "./cryptlet.json" with { type: "json" };
    export const cryptlet = { manifest, feeds: { count: { parameters: (given) => given } }, run: (ctx) => { ${statements} } };`);
const counting = `
  const count = Number(ctx.state.get("count") ?? "0") + 1;
  ctx.state.put("count", String(count));
  const answer = ctx.http.get("https://one.example.com/", { id: "one", headers: { key: ctx.secret("KEY") } });
  if (!answer.ok) throw Object.assign(new Error(answer.error.code), answer.error);
  return {
    feed: "count", observedAt: ctx.now(), market: { status: "unknown", session: null, nextOpen: null },
    value: { kind: "decimal", text: String(count), decimals: 0, unit: "runs" },
    sources: [{ id: "one", reference: answer.reference, extracted: answer.body, observedAt: null, outlier: false, error: null }],
    aggregation: { method: "none", minSources: 1, used: ctx.parameters.used ?? 1, spread: "0" },
  };`;

describe("the enclave's rules in a test", () => {
  it("carry a state on that was signed, and only that", async () => {
    const enclave = await openTestEnclave(running(counting));
    const state = mockState();
    const run = { at: 1_000, state, secrets: ["KEY"], answers: { one: { body: "1" } } };
    try {
      expectObservation(await enclave.run(run)).toHaveValue("1");
      const unsigned = await enclave.run({ ...run, parameters: { used: 2 } });
      expect(unsigned.fault?.code).toBe("OBSERVATION_REFUSED");
      expect(() => expectObservation(unsigned)).toThrow(/would not sign/);
      expectRefusal(await enclave.run({ ...run, secrets: [] }), "HTTP_SECRET_UNKNOWN");
      expectObservation(await enclave.run(run)).toHaveValue("2");
      expect(state.entries).toEqual({ count: "2" });
    } finally {
      await enclave.close();
    }
  });

  it.each([
    ["endless work", "for (;;) ctx.trigger.at;", "RUN_DEADLINE"],
    [
      "too much memory",
      'const a = []; for (;;) a.push("x".repeat(1e6) + a.length);',
      "CRYPTLET_FAILED",
    ],
    ["no answer at all", "return 7;", "GUEST_ANSWER_INVALID"],
  ])("end %s as in production", async (_what, statements, code) => {
    const report = await testInEnclave(running(statements), { at: 1_000 });
    expect(report.error?.code).toMatch(code);
  });

  it("start nothing that does not start", async () => {
    const broken = packageOf('throw new Error("at the start"); export const cryptlet = {};');
    await expect(openTestEnclave(broken)).rejects.toMatchObject({ code: "CRYPTLET_INIT_FAILED" });
  });
});
