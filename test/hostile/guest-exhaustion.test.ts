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

// Attempts of lane js to take without end: time, memory, stack, calls. Each ends with one of its codes.

let fixture: EnclaveFixture;
let honest: LoadedCryptlet;
beforeAll(async () => {
  fixture = await startEnclave();
  honest = await fixture.load(probePackage(answering()));
});
afterAll(() => fixture.stop());

const LIMITS = { timeoutMs: 1_000, memoryBytes: 16_777_216, maxFuel: 2_000, maxHostCalls: 50 };
const OK = JSON.stringify({ ok: { observation: draft() } });
const loadProbe = (body: string) => fixture.load(probePackage(handling(body)), { limits: LIMITS });

const TIME: readonly ErrorCode[] = ["RUN_FUEL", "RUN_DEADLINE"];
const SPACE: readonly ErrorCode[] = [...TIME, "RUN_MEMORY", "GUEST_THREW"];
const DEPTH: readonly ErrorCode[] = [...SPACE, "RUN_STACK", "GUEST_CRASHED"];
const exhausting: readonly (readonly [string, string, readonly ErrorCode[]])[] = [
  ["sorts with a comparison that never ends", `[3, 1, 2].sort(() => { for (;;); })`, TIME],
  [
    "sorts what its comparison makes longer",
    `const a = [2, 1]; a.sort(() => { for (let i = 0; i < 1e5; i++) a.push(i); return -1; }); for (;;) a.sort(() => 1)`,
    SPACE,
  ],
  ["sorts typed arrays for ever", `const a = new Float64Array(1e6); for (;;) a.sort()`, SPACE],
  [
    "has a species that never ends",
    `class A extends Array { static get [Symbol.species]() { for (;;); } } new A(3).map((x) => x)`,
    TIME,
  ],
  [
    "has a species that is the host function",
    `class A extends Array { static get [Symbol.species]() { return __hostCall; } } new A(3).map((x) => x); throw new Error("x")`,
    ["GUEST_THREW"],
  ],
  [
    "spreads a generator without end",
    `const g = (function* () { for (;;) yield 1; })(); [...g]`,
    SPACE,
  ],
  ["delegates generators to themselves", `function* g() { yield* g(); } [...g()]`, DEPTH],
  ["awaits in a loop", `return (async () => { for (;;) await 0; })()`, [...TIME, "RUN_MEMORY"]],
  [
    "runs an async generator without end",
    `return (async () => { for await (const x of (async function* () { for (;;) yield 1; })()); })()`,
    [...TIME, "RUN_MEMORY"],
  ],
  ["floods promises", `for (;;) Promise.reject(1)`, SPACE],
  [
    "floods microtasks",
    `const f = () => { queueMicrotask(f); queueMicrotask(f); }; f(); return new Promise(() => {})`,
    SPACE,
  ],
  [
    "resolves with thenables of thenables",
    `const t = { then(f) { f(t); } }; return Promise.resolve(t)`,
    SPACE,
  ],
  ["backtracks exponentially", `/(x+x+)+y/.test("x".repeat(40))`, DEPTH],
  ["backtracks over alternatives", `/^(?:a|a?)+$/.test("a".repeat(60) + "b")`, DEPTH],
  ["backtracks in a lookbehind", `/(?<=(a+)+)b/.test("a".repeat(5e4))`, DEPTH],
  [
    "repeats repetitions",
    `new RegExp("(?:(?:(?:a{0,999}){0,999}){0,999}){0,999}b").test("a".repeat(1e4))`,
    DEPTH,
  ],
  ["nests groups", `new RegExp("(".repeat(1e5) + ")".repeat(1e5))`, DEPTH],
  [
    "compiles a huge class",
    `new RegExp("[" + "\\\\u{10000}-\\\\u{10ffff}".repeat(1e5) + "]", "u").test("x"); for (;;);`,
    DEPTH,
  ],
  ["replaces for ever", `let s = "a"; for (;;) s = s.replace(/a/g, "aa")`, SPACE],
  ["pads a string", `"x".padStart(2 ** 29)`, SPACE],
  [
    "normalises a long string",
    `const s = "\\u1e9b\\u0323".repeat(2e6); for (;;) s.normalize("NFKD")`,
    SPACE,
  ],
  ["splits a long string", `const s = "x".repeat(4e6); for (;;) s.split("")`, SPACE],
  [
    "allocates a huge typed array",
    `const a = []; for (;;) a.push(new Float64Array(2 ** 20))`,
    SPACE,
  ],
  [
    "asks for a buffer that can grow",
    `const a = []; for (;;) { const b = new ArrayBuffer(8, { maxByteLength: 2 ** 24 }); b.resize(2 ** 24); a.push(b); }`,
    SPACE,
  ],
  ["shifts a number out of memory", `let n = 1n; for (;;) n <<= 1000000n`, SPACE],
  ["raises a number to itself", `let n = 7n; for (;;) n **= 7n`, SPACE],
  [
    "prints a huge number",
    `(3n ** 600000n).toString(7); for (;;) (3n ** 600000n).toString()`,
    SPACE,
  ],
  ["recurses in toString", `const o = { toString() { return "" + o; } }; "" + o`, DEPTH],
  ["recurses in toPrimitive", `const o = { [Symbol.toPrimitive]() { return +o; } }; +o`, DEPTH],
  ["recurses in a getter", `const o = { get x() { return o.x; } }; o.x`, DEPTH],
  [
    "recurses in a proxy's trap",
    `const p = new Proxy({}, { get(t, k, r) { return r[k]; } }); p.x`,
    DEPTH,
  ],
  [
    "recurses in toJSON",
    `const o = { toJSON() { return JSON.stringify(o); } }; JSON.stringify(o)`,
    DEPTH,
  ],
  ["recurses in a reviver", `const f = () => JSON.parse("[1]", f); f()`, DEPTH],
  ["recurses in a class field", `class A { a = new A(); } new A()`, DEPTH],
  ["recurses in a default", `const f = (a = f()) => a; f()`, DEPTH],
  ["recurses in a sort", `const f = () => [2, 1].sort(f); f()`, DEPTH],
  [
    "recurses in instanceof",
    `class A { static [Symbol.hasInstance](x) { return x instanceof A; } } ({}) instanceof A`,
    DEPTH,
  ],
  ["flattens a circle", `const a = []; a.push(a); a.flat(Infinity)`, DEPTH],
  [
    "grows a prototype chain",
    `let o = {}; for (let i = 0; i < 1e6; i++) o = Object.create(o); o.nothing; for (;;) o.nothing`,
    DEPTH,
  ],
  ["grows an object's keys", `const o = {}; for (let i = 0; ; i++) o["k" + i] = i`, SPACE],
  ["grows a map of itself", `const m = new Map(); for (let i = 0; ; i++) m.set(i, m)`, SPACE],
  [
    "copies within an array for ever",
    `const a = []; a.length = 2 ** 32 - 1; a.copyWithin(0, 1)`,
    SPACE,
  ],
  ["reverses a hole", `Array.prototype.reverse.call({ length: 2 ** 53 - 1 })`, TIME],
  [
    "joins through a getter that grows it",
    `const a = [{ toString() { a.push(a[0]); return "x"; } }]; for (;;) a.join()`,
    DEPTH,
  ],
  ["leaves a loop by a label for another", `a: for (;;) { b: for (;;) { continue a; } }`, TIME],
  ["never leaves a finally", `a: for (;;) { try { return 1; } finally { continue a; } }`, TIME],
  [
    "has a stack trace that never ends",
    `Error.prepareStackTrace = () => { for (;;); }; throw new Error("x")`,
    TIME,
  ],
  [
    "throws what has a message without end",
    `throw { name: "x", get message() { return "x".repeat(1e6).repeat(1e3); } }`,
    SPACE,
  ],
  [
    "computes pure functions without end",
    `for (;;) __hostCall('{"op":"pure.sha256","text":"x"}')`,
    ["RUN_FUEL"],
  ],
  [
    "computes dear pure functions without end",
    `const call = JSON.stringify({ op: "pure.keccak256", text: "x".repeat(1e6) }); for (;;) __hostCall(call)`,
    TIME,
  ],
  [
    "computes pure functions without end and catches",
    `for (;;) { try { for (;;) __hostCall('{"op":"pure.verify"}'); } catch {} }`,
    ["RUN_FUEL"],
  ],
  [
    "asks the host from a getter, a sort and a proxy without end",
    `const ask = () => __hostCall('{"op":"time.now"}'); for (;;) { [2, 1].sort(ask); ({ get x() { return ask(); } }).x; new Proxy({}, { get: ask }).x; }`,
    ["HOST_CALL_LIMIT"],
  ],
  [
    "asks the host while it is stopped",
    `try { for (;;); } finally { for (;;) __hostCall('{"op":"time.now"}'); }`,
    TIME,
  ],
];

describe("who takes without end is ended, and nobody else notices", () => {
  test.each(exhausting)("one that %s", async (_name, body, codes) => {
    const attacker = await loadProbe(`${body}; return ${JSON.stringify(OK)};`);
    await expect(attacker.run(trigger(), { runId: createRunId() })).rejects.toSatisfy(
      ({ code }: { code: ErrorCode }) => codes.includes(code),
    );
    await expect(honest.run(trigger(), { runId: createRunId() })).resolves.toMatchObject({
      observation: draft(),
    });
    await attacker.close();
  });
});
