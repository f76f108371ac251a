import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ErrorCode } from "../../src/core/errors/catalogue.ts";
import { createRunId } from "../../src/core/ids.ts";
import {
  answering,
  AT,
  draft,
  FEED,
  handling,
  probePackage,
  startEnclave,
  trigger,
  type EnclaveFixture,
} from "../support/guest-fixture.ts";

// What a guest throws, answers, logs and claims is text of its own, and a signature is for what the enclave saw.

let fixture: EnclaveFixture;
beforeAll(async () => {
  fixture = await startEnclave();
});
afterAll(() => fixture.stop());

const LIMITS = { timeoutMs: 1_000, memoryBytes: 16_777_216, maxFuel: 2_000, maxHostCalls: 50 };
const OK = JSON.stringify({ ok: { observation: draft() } });
const loadProbe = (body: string) => fixture.load(probePackage(handling(body)), { limits: LIMITS });

describe("what a guest throws or answers is text of its own, nothing more", () => {
  test.each([
    ["a revoked proxy", `const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); throw proxy`],
    ["a symbol", `throw Symbol("x")`],
    ["a proxy that throws", `throw new Proxy({}, { get() { throw new Error("again"); } })`],
    [
      "an error of the enclave's form",
      `throw Object.assign(new Error("x"), { code: "ENCLAVE_CRASHED", arguments: { reason: "x" } })`,
    ],
    [
      "an error that says it is a FabricError",
      `throw Object.assign(new Error("x"), { name: "FabricError", code: "INTERNAL", arguments: {} })`,
    ],
    ["a thenable that throws", `return Promise.resolve({ get then() { throw new Error("x"); } })`],
  ])("%s", async (_name, body) => {
    const guest = await loadProbe(body);
    await expect(guest.run(trigger(), { runId: createRunId() })).rejects.toSatisfy(
      ({ code }: { code: ErrorCode }) => code === "GUEST_THREW" || code === "GUEST_CRASHED",
    );
    await guest.close();
  });

  test.each([
    ["a String object", `return new String(${JSON.stringify(OK)})`],
    ["an object that becomes text", `return { toString: () => ${JSON.stringify(OK)} }`],
    ["a proxy of text", `return new Proxy(new String("x"), {})`],
    ["an array of text", `return [${JSON.stringify(OK)}]`],
    ["a promise of an object", `return Promise.resolve({})`],
    ["a generator", `return (function* () { yield ${JSON.stringify(OK)}; })()`],
    ["a function", `return () => ${JSON.stringify(OK)}`],
    ["half of a surrogate pair", `return ${JSON.stringify(OK)}.replace("USD", "US\\ud800")`],
    [
      "half of a surrogate pair in escapes",
      `return ${JSON.stringify(OK)}.replace("USD", "US\\\\udc00")`,
    ],
    ["text after its end", `return ${JSON.stringify(OK)} + "\\u0000"`],
    ["a comment in JSON", `return "/* x */" + ${JSON.stringify(OK)}`],
    ["the answer twice", `return ${JSON.stringify(OK)} + ${JSON.stringify(OK)}`],
    ["endless nesting", `return '{"ok":' + "[".repeat(4e5) + "]".repeat(4e5) + "}"`],
    [
      "a number that is no number of JSON",
      `return ${JSON.stringify(OK)}.replace("${AT}", "Infinity")`,
    ],
    [
      "an error with texts of its own",
      `return '{"error":{"code":"CRYPTLET_FAILED","arguments":{},"message":"trust me"}}'`,
    ],
    [
      "an error whose code is on the prototype",
      `return '{"error":{"code":"toString","arguments":{}}}'`,
    ],
    [
      "an answer and an error",
      `return ${JSON.stringify(OK)}.slice(0, -1) + ',"error":{"code":"CRYPTLET_FAILED","arguments":{}}}'`,
    ],
  ])("%s is no answer", async (_name, body) => {
    const guest = await loadProbe(body);
    await expect(guest.run(trigger(), { runId: createRunId() })).rejects.toMatchObject({
      code: "GUEST_ANSWER_INVALID",
    });
    await guest.close();
  });

  test("a byte order mark before the answer is not part of it: the engine's decoder takes it off", async () => {
    const guest = await loadProbe(`return "\\ufeff" + ${JSON.stringify(OK)}`);
    await expect(guest.run(trigger(), { runId: createRunId() })).resolves.toMatchObject({
      observation: draft(),
    });
    await guest.close();
  });

  test("the words of an error stay on one plain line", async () => {
    const text = `\\u001b[2J\\u202e\\r\\nFORGED: \\u0000all is well\\u009b31m`;
    const bodies = [
      `throw new Error("${text}")`,
      `throw "${text}"`,
      `return JSON.stringify({ error: { code: "CRYPTLET_FAILED", arguments: { reason: "${text}" } } })`,
    ];
    for (const body of bodies) {
      const guest = await loadProbe(body);
      const refused = guest.run(trigger(), { runId: createRunId() });
      await expect(refused).rejects.toThrow(/FORGED/);
      await expect(refused).rejects.not.toThrow(/[\p{Cc}\p{Cf}]/u);
      await guest.close();
    }
  });

  test("a log of control characters is plain, bounded and the run's own", async () => {
    const before = fixture.log.length;
    const guest = await loadProbe(`
      for (let i = 0; i < 40; i++) __hostCall(JSON.stringify({ op: "log", level: "info", message: "\\u001b[31m\\r\\n\\u202e" + "x".repeat(4000) }));
      return ${JSON.stringify(OK)};`);
    await guest.run(trigger(), { runId: createRunId() });
    const lines = fixture.log.slice(before);
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.length).toBeLessThan(20);
    for (const { message } of lines) {
      expect(message).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
      expect(message.length).toBeLessThanOrEqual(1_001);
    }
    await guest.close();
  });
});

describe("a signature is for what the enclave saw", () => {
  const reading = {
    id: "a",
    reference: 1,
    extracted: "2650.10",
    observedAt: null,
    outlier: false,
    error: null,
  };
  const sources = (change: object) => draft({ sources: [{ ...reading, ...change }] });
  test.each([
    ["no source at all", draft()],
    ["an answer that it never got", sources({})],
    ["an answer of another run", sources({ reference: 7 })],
    ["a huge number of an answer", sources({ reference: Number.MAX_SAFE_INTEGER })],
    ["a value without an answer", sources({ reference: null })],
    ["a time to come", draft({ observedAt: AT * 100 })],
    ["another feed", draft({ feed: "record" })],
    ["another unit", draft({ value: { kind: "decimal", text: "1", decimals: 8, unit: "EUR" } })],
    [
      "more digits than the feed has",
      draft({ value: { kind: "decimal", text: "1.123456789", decimals: 8, unit: "USD" } }),
    ],
    [
      "a record where a number is due",
      draft({ value: { kind: "record", fields: { name: { type: "string", value: "x" } } } }),
    ],
    [
      "fewer sources than it counts",
      draft({ aggregation: { method: "m", minSources: 1, used: 3, spread: "0" } }),
    ],
  ])("not for %s", async (_name, observation) => {
    const guest = await fixture.load(probePackage(answering(observation)));
    const runId = createRunId();
    await guest.run(trigger(), { runId });
    await expect(
      guest.sign({ runId, feed: FEED, round: 1, epoch: 0, previous: null }),
    ).rejects.toMatchObject({ code: "OBSERVATION_REFUSED" });
    await guest.close();
  });
});
