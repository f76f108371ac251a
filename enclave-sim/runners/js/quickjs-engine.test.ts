import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { compileEngine } from "./engine-module.ts";
import type { EngineHost, EngineLimits, EngineResult, EngineSnapshot } from "./js-engine.ts";
import { createQuickjsEngine } from "./quickjs-engine.ts";

const limits: EngineLimits = {
  memoryBytes: 16_777_216,
  maxFuel: 1_000,
  outcomeCharacters: 100_000,
};
const silent: EngineHost = { call: () => "{}", cancelled: () => false };
const start = async (host: EngineHost = silent) =>
  createQuickjsEngine(await compileEngine(limits.memoryBytes), limits, host);

const SEED = "00112233445566778899aabbccddeeff".repeat(2);
const handling = (body: string) => `globalThis.__cryptlet = { handle(text) { ${body} } };`;
const run = async (body: string, host?: EngineHost, seed = SEED): Promise<EngineResult> => {
  const engine = await start(host);
  const instance = await engine.restore(await engine.build(handling(body), "probe"));
  return instance.run({ triggerText: "{}", seed, at: 1_000 });
};
const textOf = (result: EngineResult): string => {
  if ("error" in result) throw new Error(result.error.code);
  return result.text;
};
const digest = (snapshot: EngineSnapshot) =>
  createHash("sha256").update(snapshot.memory).digest("hex");

test("one bundle gives one snapshot, whatever the limits", async () => {
  const bundle = handling(`return "x"`);
  const [first, again] = [
    await (await start()).build(bundle, "probe"),
    await (await start()).build(bundle, "probe"),
  ];
  const small = createQuickjsEngine(
    await compileEngine(4_194_304),
    { memoryBytes: 4_194_304, maxFuel: 7, outcomeCharacters: 1 },
    silent,
  );
  const lower = await small.build(bundle, "probe");
  expect(digest(again)).toBe(digest(first));
  expect(digest(lower)).toBe(digest(first));
  expect(again.beginToken).toBe(first.beginToken);
  expect(digest(await small.build(handling(`return "y"`), "probe"))).not.toBe(digest(first));
});

test("the same seed gives the same numbers, another gives others, all of them in [0, 1)", async () => {
  const body = `return JSON.stringify(Array.from({ length: 500 }, () => Math.random()))`;
  const [first, again, other] = [
    textOf(await run(body)),
    textOf(await run(body)),
    textOf(await run(body, silent, "ff".repeat(32))),
  ];
  expect(again).toBe(first);
  expect(other).not.toBe(first);
  const numbers = JSON.parse(first) as number[];
  expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.1);
  expect(new Set(numbers).size).toBe(500);
});

test("fuel is the same in every run of the same work", async () => {
  const body = `let x = 0; for (let i = 0; i < 1e6; i++) x += i; return String(x)`;
  const [first, again] = [await run(body), await run(body)];
  expect(first.fuel).toBeGreaterThan(10);
  expect(again.fuel).toBe(first.fuel);
});

test("a host call is text in and text out, in the order of the calls", async () => {
  const asked: string[] = [];
  const host: EngineHost = {
    cancelled: () => false,
    call: (text) => `${asked.push(text)}`,
  };
  const body = `return [1, 2, 3].map((n) => __hostCall("ask " + n)).join()`;
  expect(textOf(await run(body, host))).toBe("1,2,3");
  expect(asked).toEqual(["ask 1", "ask 2", "ask 3"]);
});

test("text of any script crosses unharmed, half of a surrogate pair too", async () => {
  const host: EngineHost = { cancelled: () => false, call: (text) => text };
  const body = `return JSON.stringify(__hostCall("\\ud83d\\ude00 \\u0000 \\ud800 é"))`;
  expect(JSON.parse(textOf(await run(body, host)))).toBe("\ud83d\ude00 \u0000 \ud800 é");
});

test("being cancelled ends a loop at the next tick", async () => {
  let asked = 0;
  const result = await run("for (;;);", { call: () => "", cancelled: () => (asked += 1) > 3 });
  expect(result).toMatchObject({ error: { code: "INTERRUPTED" } });
  expect(asked).toBe(4);
});

test("an answer above the limit is not passed on", async () => {
  expect(await run(`return "x".repeat(100_001)`)).toMatchObject({
    error: { code: "GUEST_ANSWER_TOO_LARGE" },
  });
});

test("pure functions are answered without the host and cost fuel", async () => {
  const host: EngineHost = {
    cancelled: () => false,
    call: () => {
      throw new Error("asked");
    },
  };
  const call = JSON.stringify(JSON.stringify({ op: "pure.sha256", text: "abc" }));
  const one = await run(`return __hostCall(${call})`, host);
  expect(JSON.parse(textOf(one))).toEqual({
    ok: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  });
  const many = await run(
    `let a; for (let i = 0; i < 50; i++) a = __hostCall(${call}); return a`,
    host,
  );
  expect(many.fuel - one.fuel).toBeGreaterThanOrEqual(49);
  const endless = await run(`for (;;) try { __hostCall(${call}) } catch {}`, host);
  expect(endless).toMatchObject({ error: { code: "RUN_FUEL" } });
});

test("what a guest throws past its own handling says where in the built code", async () => {
  const thrown = await run(`throw new TypeError("no");`);
  expect(thrown).toMatchObject({
    error: {
      code: "GUEST_THREW",
      arguments: { reason: "TypeError: no", stack: expect.stringMatching(/^bundle\.js:1:\d+/) },
    },
  });
  const engine = await start();
  await expect(engine.build("\n  missing.thing();", "probe")).rejects.toMatchObject({
    code: "CRYPTLET_INIT_FAILED",
    arguments: { stack: expect.stringMatching(/^bundle\.js:2:\d+/) },
  });
  const hostile = await run(
    `throw Object.defineProperty(new Error("x"), "stack", { get() { throw new Error("again") } });`,
  );
  expect(hostile).toMatchObject({ error: { code: expect.stringMatching(/^GUEST_/) } });
});
