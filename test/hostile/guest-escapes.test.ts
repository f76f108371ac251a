import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import { createRunId } from "../../src/core/ids.ts";
import {
  answering,
  AT,
  draft,
  handling,
  probePackage,
  startEnclave,
  trigger,
  type EnclaveFixture,
} from "../support/guest-fixture.ts";

// Attempts of lane js to get out of its engine or to leave something behind. guest-attacks.test.ts holds the plain ones;
// here are the tricks.

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
/** The text that a guest throws, at most 300 characters. */
const saidBy = async (body: string): Promise<string> => {
  const guest = await loadProbe(body);
  try {
    const refused = guest.run(trigger(), { runId: createRunId() });
    await expect(refused).rejects.toMatchObject({ code: "GUEST_THREW" });
    return await refused.then(
      () => "",
      (error: { arguments: { reason: string } }) => error.arguments.reason,
    );
  } finally {
    await guest.close();
  }
};

describe("no text becomes code", () => {
  const makers: readonly (readonly [string, string])[] = [
    ["Reflect.construct", `Reflect.construct(Function, ["return 1"])()`],
    ["Reflect.apply", `Reflect.apply(Function, null, ["return 1"])()`],
    ["bind", `Function.bind(null, "return 1")()()`],
    ["call", `Function.call(null, "return 1")()`],
    [
      "apply of the prototype's constructor",
      `Function.prototype.constructor.apply(null, ["return 1"])()`,
    ],
    ["a subclass", `new (class extends Function {})("return 1")()`],
    [
      "a subclass of a generator function",
      `new (class extends (function* () {}).constructor {})("yield 1")()`,
    ],
    ["a proxy", `new (new Proxy(Function, {}))("return 1")()`],
    ["a native's constructor", `JSON.parse.constructor("return 1")()`],
    [
      "a getter's constructor",
      `Object.getOwnPropertyDescriptor(Map.prototype, "size").get.constructor("return 1")()`,
    ],
    ["a bound function's constructor", `(() => {}).bind().constructor("return 1")()`],
    ["a class's constructor", `(class {}).constructor("return 1")()`],
    ["a method's constructor", `({ m() {} }).m.constructor("return 1")()`],
    [
      "the host function's prototype",
      `Object.getPrototypeOf(__hostCall).constructor("return 1")()`,
    ],
    ["an error's constructor's constructor", `new Error().constructor.constructor("return 1")()`],
    ["a symbol's way", `[].map[Symbol.for("constructor")] || [].at.constructor("return 1")()`],
    ["Array.from's this", `Array.from.call(Function, ["return 1"])()`],
    ["Promise's species", `Promise.resolve.call(Function, "return 1")`],
    ["eval by another name", `globalThis["ev" + "al"]("1") === 1 || (() => { throw 1 })()`],
    ["eval bound", `eval.bind(null, "1")() === 1 || (() => { throw 1 })()`],
    ["eval through Array", `["1"].map(eval)[0] === 1 || (() => { throw 1 })()`],
    ["a tagged template", "eval`1`[0] === 1 || (() => { throw 1 })()"],
    ["a string as a host call's callback", `__hostCall.call(globalThis, "1").x.y`],
    ["new on the host function", `new __hostCall("x").x.y`],
    ["with", `(function () { with ({ eval }) { return eval("1").x.y } })()`],
    ["ShadowRealm", `new ShadowRealm().evaluate("1")`],
    ["a module from text", `import("data:text/javascript,1").x.y`],
    ["queueMicrotask of text", `queueMicrotask("globalThis.pwned = 1")`],
  ];
  test("by any constructor", async () => {
    const said = await saidBy(`
      const reached = [];
      const attempt = (name, act) => { try { act(); reached.push(name); } catch {} };
      ${makers.map(([name, code]) => `attempt(${JSON.stringify(name)}, () => ${code});`).join("\n")}
      throw new Error(JSON.stringify(reached));`);
    expect(said).toBe("Error: []");
  });

  test.each([
    ["import.meta", "globalThis.__cryptlet = { handle() { return import.meta.url } }"],
    ["a static import", `import fs from "node:fs"; globalThis.__cryptlet = { handle() {} }`],
    ["an export", "export const handle = () => 1"],
    ["top-level await", "await 1; globalThis.__cryptlet = { handle() {} }"],
    ["a hashbang of a module", "#!/usr/bin/env node\nimport 'node:fs'"],
  ])("a bundle with %s does not start", async (_name, code) => {
    await expect(fixture.load(probePackage(code))).rejects.toMatchObject({
      code: "CRYPTLET_INIT_FAILED",
    });
  });
});

test("the globals are the language's and the wall's, and no others", async () => {
  const names =
    `AggregateError Array ArrayBuffer AsyncDisposableStack BigInt BigInt64Array BigUint64Array Boolean
    DOMException DataView Date DisposableStack Error EvalError Float16Array Float32Array Float64Array Function Infinity
    Int16Array Int32Array Int8Array InternalError Iterator JSON Map Math NaN Number Object Promise Proxy RangeError
    ReferenceError Reflect RegExp Set String SuppressedError Symbol SyntaxError TypeError URIError Uint16Array
    Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakSet __cryptlet __hostCall atob btoa decodeURI
    decodeURIComponent encodeURI encodeURIComponent escape eval globalThis isFinite isNaN parseFloat parseInt
    queueMicrotask undefined unescape`.split(/\s+/);
  const said = await saidBy(`
    const known = new Set(${JSON.stringify(names)});
    const own = Object.getOwnPropertyNames(globalThis);
    throw new Error(JSON.stringify([own.filter((name) => !known.has(name)), Object.getOwnPropertySymbols(globalThis).length - 1]));`);
  expect(said).toBe("Error: [[],0]");
});

test("time zone, locale and clock say nothing about the machine", async () => {
  const said = await saidBy(`
    const now = new Date();
    for (let i = 0; i < 1e5; i++);
    throw new Error(JSON.stringify([
      now.getTimezoneOffset(), typeof Intl, Date.now(), +now === Date.now(), typeof performance,
      (1234.5).toLocaleString("de"), "i".toLocaleUpperCase("tr"), new Date(0).toString(),
    ]));`);
  expect(said).toBe(
    `Error: [0,"undefined",${AT},true,"undefined","1234.5","I","Thu Jan 01 1970 00:00:00 GMT+0000"]`,
  );
});

test("an error's stack names the bundle and nothing of the machine, however it is asked for", async () => {
  const asked = [
    `throw new Error(new Error("x").stack)`,
    `Error.stackTraceLimit = 1e9; const f = (n) => (n ? f(n - 1) : new Error("x").stack); throw new Error(f(50))`,
    `Error.prepareStackTrace = (e, frames) => JSON.stringify(frames.map((f) => [f.getFileName(), f.getFunctionName(), typeof f.getThis])); throw new Error(new Error("x").stack)`,
    `try { __hostCall(1) } catch (e) { throw new Error([e.stack, e.fileName, e.cause, Object.getOwnPropertyNames(e)].join()) }`,
    `try { null.x } catch (e) { throw new Error(e.stack) }`,
    `return Promise.reject(new Error("x")).catch((e) => { throw new Error(e.stack) })`,
    `const e = {}; Error.captureStackTrace && Error.captureStackTrace(e); throw new Error(String(e.stack))`,
  ];
  for (const body of asked)
    expect(await saidBy(body)).not.toMatch(/\/|\\\\|node|quickjs|worker|\.ts/i);
});

describe("a run leaves nothing behind for the next", () => {
  const pollute = `
    const taint = () => "tainted";
    for (const proto of [Object, Array, String, Number, Promise, Function, RegExp, Map, Date, Error].map((c) => c.prototype))
      try { proto.tainted = 1; } catch {}
    globalThis.tainted = 1;
    Math.random = taint; Math.imul = taint; Date.now = taint; JSON.parse = taint; JSON.stringify = taint;
    Object.defineProperty = taint; Object.keys = taint; String.prototype.slice = taint; Promise.prototype.then = taint;
    Array.prototype[Symbol.iterator] = taint; RegExp.prototype.exec = taint; Function.prototype.call = taint;
    Object.setPrototypeOf(Object.prototype, null);
    try { Object.defineProperty(globalThis, "__hostCall", { value: taint }); } catch {}
    try { globalThis.__cryptlet.handle = taint; } catch {}
    try { globalThis.__cryptlet = { handle: taint }; } catch {}`;
  test("whatever it overwrites", async () => {
    const guest = await loadProbe(`
      if (globalThis.tainted || [].tainted || ({}).tainted) throw new Error("tainted");
      const { id } = JSON.parse(text);
      const answer = ${JSON.stringify(OK)};
      if (id === "bad") { ${pollute} }
      return answer;`);
    const run = (id: string) => guest.run(trigger({ id }), { runId: createRunId() });
    await expect(run("bad")).resolves.toMatchObject({ observation: draft() });
    await expect(run("good")).resolves.toMatchObject({ observation: draft() });
    await expect(run("bad")).resolves.toMatchObject({ observation: draft() });
    await expect(run("good")).resolves.toMatchObject({ observation: draft() });
    await guest.close();
  });

  test("nor what it leaves pending", async () => {
    const guest = await loadProbe(`
      if (globalThis.later) throw new Error("later");
      Promise.resolve().then(() => { globalThis.later = 1; });
      queueMicrotask(() => { globalThis.later = 1; });
      return ${JSON.stringify(OK)};`);
    for (let n = 0; n < 4; n += 1)
      await expect(guest.run(trigger(), { runId: createRunId() })).resolves.toBeDefined();
    await guest.close();
  });

  test("and no two runs draw the same numbers", async () => {
    const guest = await loadProbe(`
      const observation = ${JSON.stringify(draft())};
      observation.market.session = String(Math.random());
      return JSON.stringify({ ok: { observation } });`);
    const drawn = new Set<string | null>();
    for (let n = 0; n < 5; n += 1) {
      const { observation } = await guest.run(trigger(), { runId: createRunId() });
      drawn.add(observation.market.session);
    }
    expect(drawn.size).toBe(5);
    await guest.close();
  });
});

describe("a bundle that sets a trap for whoever starts it", () => {
  test.each([
    [
      "a getter that never ends",
      `Object.defineProperty(globalThis, "__cryptlet", { get() { for (;;); } })`,
    ],
    [
      "a getter that throws",
      `Object.defineProperty(globalThis, "__cryptlet", { get() { throw new Error("x"); } })`,
    ],
    ["a handle whose getter never ends", `globalThis.__cryptlet = { get handle() { for (;;); } }`],
    [
      "a handle that is a revoked proxy",
      `const { proxy, revoke } = Proxy.revocable(() => {}, {}); revoke(); globalThis.__cryptlet = proxy`,
    ],
  ])("does not start: %s", async (_name, code) => {
    await expect(fixture.load(probePackage(code), { limits: LIMITS })).rejects.toMatchObject({
      code: "CRYPTLET_INIT_FAILED",
    });
  });

  test.each([
    [
      "a getter that is kind once",
      `let n = 0; Object.defineProperty(globalThis, "__cryptlet", { get() { if (n++) for (;;); return { handle() {} }; } })`,
    ],
    [
      "a handle that is kind once",
      `let n = 0; globalThis.__cryptlet = { get handle() { if (n++) for (;;); return () => {}; } }`,
    ],
    ["a handle that is a class", `globalThis.__cryptlet = { handle: class {} }`],
    [
      "a handle that is a proxy without end",
      `globalThis.__cryptlet = { handle: new Proxy(() => {}, { apply() { for (;;); } }) }`,
    ],
    ["a handle that is the host function", `globalThis.__cryptlet = { handle: __hostCall }`],
    [
      "a random source that never ends",
      `Math.random = () => { for (;;); }; globalThis.__cryptlet = { handle: () => Math.random() }`,
    ],
  ])("ends its own run: %s", async (_name, code) => {
    const guest = await fixture.load(probePackage(code), { limits: LIMITS });
    await expect(guest.run(trigger(), { runId: createRunId() })).rejects.toHaveProperty("code");
    await expect(honest.run(trigger(), { runId: createRunId() })).resolves.toBeDefined();
    await guest.close();
  });
});
