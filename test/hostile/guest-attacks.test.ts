import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import type { ErrorCode } from "../../src/core/errors/catalogue.ts";
import { createRunId } from "../../src/core/ids.ts";
import {
  answering,
  draft,
  handling,
  probePackage,
  startEnclave,
  trigger,
  type EnclaveFixture,
} from "../support/guest-fixture.ts";

// Whatever a guest does, its run ends with a code, and the enclave and its other Cryptlets go on.

let fixture: EnclaveFixture;
let honest: LoadedCryptlet;
beforeAll(async () => {
  fixture = await startEnclave();
  honest = await fixture.load(probePackage(answering()));
});
afterAll(() => fixture.stop());

const LIMITS = { timeoutMs: 600, memoryBytes: 16_777_216, maxFuel: 2_000, maxHostCalls: 20 };
const OK = JSON.stringify({ ok: { observation: draft() } });

interface Attack {
  readonly name: string;
  /** Body of `handle(text)`. */
  readonly body: string;
  readonly codes: readonly ErrorCode[];
}

/** Fuel is the same everywhere, but on a slow machine the deadline comes first. */
const TIME: readonly ErrorCode[] = ["RUN_FUEL", "RUN_DEADLINE"];

const ending: readonly Attack[] = [
  { name: "throws an error", body: `throw new Error("no")`, codes: ["GUEST_THREW"] },
  { name: "throws a string", body: `throw "no"`, codes: ["GUEST_THREW"] },
  { name: "throws null", body: `throw null`, codes: ["GUEST_THREW", "GUEST_CRASHED"] },
  {
    name: "throws something whose getters throw",
    body: `throw { get message() { throw new Error("again") }, get name() { throw 1 } }`,
    codes: ["GUEST_THREW", "GUEST_CRASHED"],
  },
  {
    name: "throws something whose getter never ends",
    body: `throw { get message() { for (;;); } }`,
    codes: TIME,
  },
  {
    name: "throws something with a huge message",
    body: `throw new Error("x".repeat(4e6))`,
    codes: [...TIME, "GUEST_THREW"],
  },
  { name: "rejects", body: `return Promise.reject(new Error("no"))`, codes: ["GUEST_THREW"] },
  { name: "loops for ever", body: `for (;;);`, codes: TIME },
  {
    name: "loops for ever and catches everything",
    body: `for (;;) { try { for (;;); } catch {} finally { continue } }`,
    codes: TIME,
  },
  {
    name: "loops in microtasks",
    body: `const again = () => { Promise.resolve().then(again) }; again(); return new Promise(() => {})`,
    codes: TIME,
  },
  {
    name: "chains promises until the memory is gone",
    body: `const again = () => Promise.resolve().then(again); again(); return new Promise(() => {})`,
    codes: [...TIME, "RUN_MEMORY", "GUEST_NEVER_ANSWERED"],
  },
  {
    name: "loops in a getter of its answer's toString",
    body: `return { toString() { for (;;); } }`,
    codes: ["GUEST_ANSWER_INVALID"],
  },
  {
    name: "joins a huge array",
    body: `return new Array(4e8).join("")`,
    codes: ["RUN_DEADLINE", "RUN_MEMORY"],
  },
  {
    name: "sorts with a native comparison for ever",
    body: `const a = new Array(2e5).fill("x".repeat(1000)); for (;;) a.sort()`,
    codes: ["RUN_DEADLINE", "RUN_FUEL", "RUN_MEMORY"],
  },
  {
    name: "searches a huge hole",
    body: `return [].indexOf.call({ length: 9007199254740991 }, 1)`,
    codes: TIME,
  },
  {
    name: "fills four thousand million",
    body: `return new Array(4294967295).fill(0)`,
    codes: [...TIME, "RUN_MEMORY", "RUN_DEADLINE"],
  },
  {
    name: "backtracks in a regular expression",
    body: `return /^(a+)+$/.test("a".repeat(40) + "b")`,
    codes: ["RUN_DEADLINE", "RUN_FUEL", "GUEST_THREW"],
  },
  {
    name: "computes a huge power",
    body: `return String((2n ** 200000n) ** 2000n)`,
    codes: ["RUN_DEADLINE", "RUN_MEMORY", "GUEST_THREW"],
  },
  {
    name: "eats memory in arrays",
    body: `const a = []; for (;;) a.push(new Array(1e4).fill(1))`,
    codes: [...TIME, "RUN_MEMORY"],
  },
  {
    name: "eats memory in strings",
    body: `let s = "x"; for (;;) s += s + "y"`,
    codes: [...TIME, "RUN_MEMORY", "GUEST_THREW"],
  },
  {
    name: "eats memory in buffers",
    body: `const a = []; for (;;) a.push(new ArrayBuffer(1e6))`,
    codes: [...TIME, "RUN_MEMORY", "GUEST_THREW"],
  },
  {
    name: "eats memory and catches every failure",
    body: `const a = []; for (;;) { try { a.push(new Uint8Array(65536)) } catch { } }`,
    codes: ["RUN_MEMORY", "RUN_FUEL", "RUN_DEADLINE"],
  },
  {
    name: "recurses for ever",
    body: `const f = () => f() + 1; return f()`,
    codes: [...TIME, "RUN_STACK"],
  },
  {
    name: "recurses in the engine's own C code",
    body: `let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return JSON.stringify(a)`,
    codes: [...TIME, "RUN_STACK", "GUEST_THREW", "GUEST_CRASHED"],
  },
  {
    name: "parses JSON that is nested too deeply",
    body: `return JSON.parse("[".repeat(2e5))`,
    codes: [...TIME, "RUN_STACK", "GUEST_THREW", "GUEST_CRASHED"],
  },
  {
    name: "recurses through a proxy",
    body: `let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); return p.x`,
    codes: [...TIME, "RUN_STACK", "GUEST_THREW", "GUEST_CRASHED", "RUN_MEMORY"],
  },
  {
    name: "waits for ever",
    body: `return new Promise(() => {})`,
    codes: ["GUEST_NEVER_ANSWERED"],
  },
  {
    name: "returns a thenable that is no promise",
    body: `return { then(f) { f(${JSON.stringify(OK)}) } }`,
    codes: ["GUEST_ANSWER_INVALID"],
  },
  { name: "answers nothing", body: ``, codes: ["GUEST_ANSWER_INVALID"] },
  { name: "answers a number", body: `return 7`, codes: ["GUEST_ANSWER_INVALID"] },
  { name: "answers a symbol", body: `return Symbol("x")`, codes: ["GUEST_ANSWER_INVALID"] },
  { name: "answers no JSON", body: `return "{"`, codes: ["GUEST_ANSWER_INVALID"] },
  { name: "answers other JSON", body: `return "[1]"`, codes: ["GUEST_ANSWER_INVALID"] },
  {
    name: "answers with a field too many",
    body: `return JSON.stringify({ ...${OK}, signature: "x" })`,
    codes: ["GUEST_ANSWER_INVALID"],
  },
  {
    name: "answers with a polluting key",
    body: `return '{"__proto__":{"ok":1},"ok":{"observation":null}}'`,
    codes: ["GUEST_ANSWER_INVALID"],
  },
  {
    name: "answers an error of no catalogue",
    body: `return '{"error":{"code":"MADE_UP","message":"","hint":"","arguments":{}}}'`,
    codes: ["GUEST_ANSWER_INVALID"],
  },
  ...["INTERNAL", "ENCLAVE_CRASHED", "INTERRUPTED", "ROUND_EQUIVOCATION"].map((code): Attack => ({
    name: `speaks in the name of the host: ${code}`,
    body: `return '{"error":{"code":"${code}","message":"","hint":"","arguments":{}}}'`,
    codes: ["GUEST_ANSWER_INVALID"],
  })),
  {
    name: "calls the host with more than the wall takes",
    body: `return __hostCall("x".repeat(2e6))`,
    codes: ["GUEST_THREW"],
  },
  {
    name: "answers NaN as its time",
    body: `return JSON.stringify(${OK}).replace("1700000000000", "1e999")`,
    codes: ["GUEST_ANSWER_INVALID"],
  },
  {
    name: "answers too much",
    body: `return "x".repeat(3e6)`,
    codes: [...TIME, "GUEST_ANSWER_TOO_LARGE"],
  },
  {
    name: "calls the host without end",
    body: `for (;;) __hostCall('{"op":"time.now"}')`,
    codes: ["HOST_CALL_LIMIT"],
  },
  {
    name: "calls the host without end and catches",
    body: `for (;;) { try { __hostCall("{}") } catch {} }`,
    codes: ["HOST_CALL_LIMIT"],
  },
  {
    name: "replaces what the enclave calls",
    body: `globalThis.__cryptlet = null; Promise.prototype.then = null; throw 1`,
    codes: ["GUEST_THREW"],
  },
];

describe("a run ends with a code", () => {
  test.each(ending)("$name", async ({ body, codes }) => {
    const attacker = await fixture.load(probePackage(handling(body)), { limits: LIMITS });
    await expect(attacker.run(trigger(), { runId: createRunId() })).rejects.toSatisfy(
      (error: { code: ErrorCode }) => codes.includes(error.code),
    );
    // The guest's own next run begins from the clean snapshot, and the neighbour never noticed.
    await expect(attacker.run(trigger(), { runId: createRunId() })).rejects.toHaveProperty("code");
    await expect(honest.run(trigger(), { runId: createRunId() })).resolves.toMatchObject({
      observation: draft(),
    });
    await attacker.close();
  });
});

const escaping: readonly { readonly name: string; readonly expression: string }[] = [
  { name: "eval", expression: `eval("1")` },
  { name: "indirect eval", expression: `(0, eval)("1")` },
  { name: "Function", expression: `new Function("return 1")()` },
  { name: "constructor of a function", expression: `(() => {}).constructor("return 1")()` },
  {
    name: "constructor of an async function",
    expression: `(async () => {}).constructor("return 1")()`,
  },
  { name: "constructor of a generator", expression: `(function* () {}).constructor("yield 1")()` },
  {
    name: "constructor of an async generator",
    expression: `(async function* () {}).constructor("yield 1")()`,
  },
  {
    name: "constructor of the host function",
    expression: `__hostCall.constructor("return this")()`,
  },
  { name: "caller of the host function", expression: `__hostCall.caller.name` },
  {
    name: "replacing the host function",
    expression: `delete globalThis.__hostCall && 1 || (() => { throw 1 })()`,
  },
  { name: "process", expression: `process.env` },
  { name: "require", expression: `require("fs")` },
  { name: "fetch", expression: `fetch("https://example.com")` },
  { name: "postMessage", expression: `postMessage("x")` },
  { name: "Worker", expression: `new Worker("x")` },
  { name: "WebAssembly", expression: `WebAssembly.Module` },
  { name: "SharedArrayBuffer", expression: `new SharedArrayBuffer(8)` },
  { name: "Atomics", expression: `Atomics.wait` },
  { name: "WeakRef", expression: `new WeakRef({})` },
  { name: "performance", expression: `performance.now()` },
  { name: "console", expression: `console.log` },
  { name: "std of QuickJS", expression: `std.getenv` },
  {
    name: "host call without text",
    expression: `__hostCall({ toString() { return '{"op":"time.now"}' } })`,
  },
];

test("a native loop costs the guest its thread, and nobody else anything", async () => {
  const body = `if (JSON.parse(text).id === "bad") return new Array(4e8).join(""); return ${JSON.stringify(OK)}`;
  const attacker = await fixture.load(probePackage(handling(body)), { limits: LIMITS });
  const run = (id: string) => attacker.run(trigger({ id }), { runId: createRunId() });
  await expect(run("bad")).rejects.toMatchObject({ code: "RUN_DEADLINE" });
  await expect(run("good")).resolves.toMatchObject({ observation: draft() });
  const { cryptlets } = await fixture.enclave.stats();
  expect(cryptlets.find(({ measurement }) => measurement === attacker.measurement)).toMatchObject({
    runs: 2,
    failures: 1,
    // The guest that took its place.
    guestStarts: 1,
  });
  await attacker.close();
});

describe("there is no way out", () => {
  test("of the globals, constructors and host functions", async () => {
    const body = `
      const reached = [];
      const attempt = (name, act) => { try { act(); reached.push(name); } catch {} };
      ${escaping.map(({ name, expression }) => `attempt(${JSON.stringify(name)}, () => ${expression});`).join("\n")}
      throw new Error(JSON.stringify(reached));`;
    const attacker = await fixture.load(probePackage(handling(`"use strict"; ${body}`)));
    await expect(attacker.run(trigger(), { runId: createRunId() })).rejects.toMatchObject({
      code: "GUEST_THREW",
      arguments: { reason: "Error: []" },
    });
  });

  test.each([
    ["a module of Node", `import("node:fs")`],
    ["a file", `import("/etc/passwd")`],
    ["a data module", `import("data:text/javascript,1")`],
  ])("through import() of %s, or the error of its refusal", async (_name, expression) => {
    const body = `return ${expression}.then(
      () => { throw new Error("reached") },
      (error) => error.constructor.constructor("return 1")());`;
    const attacker = await fixture.load(probePackage(handling(body)));
    await expect(attacker.run(trigger(), { runId: createRunId() })).rejects.toMatchObject({
      code: "GUEST_THREW",
      arguments: { reason: expect.stringContaining("eval is not supported") as string },
    });
  });

  test("with the host's paths in an error", async () => {
    const body = `try { __hostCall(7) } catch (error) { throw new Error([error.name, error.stack, error.message].join("|")) }`;
    const attacker = await fixture.load(probePackage(handling(body)));
    const refused = attacker.run(trigger(), { runId: createRunId() });
    await expect(refused).rejects.toMatchObject({ code: "GUEST_THREW" });
    await expect(refused).rejects.not.toThrow(/\/|node:|enclave/);
  });

  test("for prototype pollution: the enclave's own objects stay as they are", async () => {
    const call = `{"op":"log","level":"info","message":"x","__proto__":{"polluted":1}}`;
    const attacker = await fixture.load(
      probePackage(handling(`throw new Error(__hostCall(${JSON.stringify(call)}))`)),
    );
    await expect(attacker.run(trigger(), { runId: createRunId() })).rejects.toMatchObject({
      arguments: { reason: expect.stringContaining("HOST_CALL_INVALID") as string },
    });
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});

describe("a bundle does not start", () => {
  test.each([
    ["that is no JavaScript", "this is not JavaScript"],
    ["that throws", `throw new Error("no")`],
    ["that loops for ever", "for (;;);"],
    ["that offers no handle", "globalThis.__cryptlet = {};"],
    ["that offers nothing", "1"],
    ["that calls the host", `__hostCall('{"op":"time.now"}')`],
    ["that eats memory", "const a = []; for (;;) a.push(new Array(1e4).fill(1))"],
    ["that makes code of text", `globalThis.__cryptlet = { handle: Function("return 1") }`],
    [
      "that never ends its jobs",
      `const f = () => { Promise.resolve().then(f) }; f(); ${answering()}`,
    ],
    ["whose source is nested too deeply", `${"(".repeat(1e5)}1${")".repeat(1e5)}`],
  ])("%s", async (_name, code) => {
    await expect(fixture.load(probePackage(code), { limits: LIMITS })).rejects.toMatchObject({
      code: "CRYPTLET_INIT_FAILED",
    });
    await expect(honest.run(trigger(), { runId: createRunId() })).resolves.toBeDefined();
  });
});
