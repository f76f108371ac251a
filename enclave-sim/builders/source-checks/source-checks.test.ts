import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../test/support/temporary-folder.ts";
import { buildPackage } from "../../host/build-package.ts";
import { formatSourceFault, sourceFaultsOf } from "./source-fault.ts";

const manifest = {
  id: "probe",
  version: "1.0.0",
  description: "A Cryptlet for tests",
  feeds: [
    { id: "price", kind: "decimal", description: "A", minSources: 1, decimals: 2, unit: "USD" },
  ],
};

/** A package of these files; `src/main.ts` uses what it exports, so that nothing is shaken out. */
const author = (files: Readonly<Record<string, string>>): string => {
  const folder = temporaryFolder();
  const all = { "cryptlet.json": JSON.stringify(manifest), ...files };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  return folder;
};
const failureOf = (folder: string): Promise<unknown> =>
  buildPackage(folder).then(
    () => null,
    (error: unknown) => error,
  );
const HEAD =
  "export const cryptlet = { manifest: {}, feeds: {}, run: (ctx: any, a: any, b: any) => {\n";
const TAIL = "\n} };\n";
/** Faults of a main file whose `run` has this body, which begins in line 2. */
const faultsOf = async (body: string, files: Readonly<Record<string, string>> = {}) => {
  const error: unknown = await failureOf(
    author({ "src/main.ts": `${HEAD}${body}${TAIL}`, ...files }),
  );
  return sourceFaultsOf(error);
};
const placesOf = async (...given: Parameters<typeof faultsOf>): Promise<readonly string[]> =>
  (await faultsOf(...given)).map(
    ({ file, line, column, api }) => `${file}:${line}:${column} ${api}`,
  );
const expectBuilt = async (
  body: string,
  files: Readonly<Record<string, string>> = {},
): Promise<void> => {
  const built = await buildPackage(author({ "src/main.ts": `${HEAD}${body}${TAIL}`, ...files }));
  expect(built.bundle.length).toBeGreaterThan(0);
};

describe("what a Cryptlet must not use", () => {
  it.each([
    ["return Date.now();", "2:8 Date.now"],
    ["return Date['now']();", "2:8 Date.now"],
    ["return new Date();", "2:12 new Date()"],
    ["return new Date(...a);", "2:12 new Date()"],
    ["return Date();", "2:8 Date()"],
    ["const D = Date; return D.now();", "2:11 Date.now"],
    ["const { now } = Date; return now();", "2:17 Date as a value"],
    ["return Reflect.construct(Date, []);", "2:26 Date as a value"],
    ["return globalThis.Date.now();", "2:8 Date.now"],
    ["return Math.random();", "2:8 Math.random"],
    ["return Math[a]();", "2:8 Math[…]"],
    ["const { random } = Math; return random();", "2:20 Math as a value"],
    ["return [1].map(Math as any);", "2:16 Math as a value"],
    ["return eval(a);", "2:8 eval"],
    ["return (0, eval)(a);", "2:12 eval"],
    ["return typeof eval < 'u' && eval(a);", "2:29 eval"],
    ["return new Function(a);", "2:12 new Function()"],
    ["return Function(a)();", "2:8 Function()"],
    ["return (() => 1).constructor(a)();", "2:18 a function made of text"],
    ["return a.constructor.constructor(a)();", "2:22 a function made of text"],
    ["return setTimeout(a, 5);", "2:8 setTimeout"],
    ["return setInterval(a, 5);", "2:8 setInterval"],
    ["return queueMicrotask(a);", "2:8 queueMicrotask"],
    ["return fetch(a);", "2:8 fetch"],
    ["return globalThis.fetch(a);", "2:8 fetch"],
    ["return globalThis[a];", "2:8 globalThis[…]"],
    ["return Reflect.get(globalThis, a);", "2:20 globalThis as a value"],
    ["return new XMLHttpRequest();", "2:12 XMLHttpRequest"],
    ["return new WebSocket(a);", "2:12 WebSocket"],
    ["return process.env.HOME;", "2:8 process"],
    ["return require(a);", "2:8 require()"],
    ["return performance.now();", "2:8 performance"],
    ["return crypto.randomUUID();", "2:8 crypto"],
    ["return new WeakRef(a);", "2:12 WeakRef"],
    ["return new FinalizationRegistry(a);", "2:12 FinalizationRegistry"],
    ["return Atomics.load(a, 0);", "2:8 Atomics"],
    ["return new SharedArrayBuffer(8);", "2:12 SharedArrayBuffer"],
    ["return new Intl.NumberFormat('de').format(1);", "2:12 Intl"],
    ["return a.localeCompare(b);", "2:10 localeCompare"],
    ["return a.sort((x, y) => x['localeCompare'](y));", "2:27 localeCompare"],
    ["const { localeCompare } = a; return localeCompare.call(a, b);", "2:9 localeCompare"],
    ["return a.toLocaleString();", "2:10 toLocaleString"],
    ["return a.toLocaleUpperCase();", "2:10 toLocaleUpperCase"],
    ["return new Error('x').stack;", "2:23 the stack of an error"],
    ["try { a(); } catch (e) { return e.stack; }", "2:35 the stack of an error"],
    [
      "const e = new TypeError('x'); e.message = a; return [e, e.stack];",
      "2:59 the stack of an error",
    ],
    ["return Error.captureStackTrace(a);", "2:8 Error.captureStackTrace"],
    ["return __hostCall(a);", "2:8 __hostCall"],
    ["return console.log(a);", "2:8 console"],
    ["return structuredClone(a);", "2:8 structuredClone"],
    ["return somethingThatNobodyHas(a);", "2:8 somethingThatNobodyHas"],
    ["leaked = a; return 1;", "2:1 leaked"],
    ["return import(a);", "2:8 import()"],
    ["return import('./other.ts');", "2:8 import()"],
    ["return import.meta.url;", "2:8 import.meta"],
  ])("%s", async (body, expected) => {
    const files = { "src/other.ts": "export const other = 1;" };
    expect(await placesOf(body, files)).toEqual([`src/main.ts:${expected}`]);
  });

  it.each([
    ["node:fs", "1:16"],
    ["fs", "1:16"],
    ["crypto", "1:16"],
    ["https://example.com/x.js", "1:16"],
  ])("the module %s", async (specifier, place) => {
    const files = { "src/io.ts": `import { x } from "${specifier}";\nexport const io = x;` };
    const main = { "src/main.ts": `import { io } from "./io.ts";\n${HEAD}return io;${TAIL}` };
    const faults = await placesOf("", { ...files, ...main });
    expect(faults).toEqual([`src/io.ts:${place.replace("16", "19")} the module ${specifier}`]);
  });

  it("is told all at once, in the order of the source, dependencies included", async () => {
    const found = await placesOf("", {
      "src/main.ts": `import { tick } from "clocky";\nimport { late } from "./b.ts";\nimport { os } from "./a.ts";\n${HEAD}return [tick(), late(), os, Math.random()];${TAIL}`,
      "src/a.ts": `import { platform } from "node:os";\nexport const os = platform();`,
      "src/b.ts": `\n\nexport const late = (): number =>\n    Date.now();`,
      "node_modules/clocky/package.json": `{"name":"clocky","version":"1.0.0","main":"index.js"}`,
      "node_modules/clocky/index.js": `exports.tick = function () { return performance.now(); };`,
    });
    expect(found).toEqual([
      "node_modules/clocky/index.js:1:37 performance",
      "src/a.ts:1:26 the module node:os",
      "src/b.ts:4:5 Date.now",
      "src/main.ts:5:29 Math.random",
    ]);
  });

  it("says what to use in its place, in a line that an editor opens", async () => {
    const [fault] = await faultsOf("return Date.now();");
    expect(fault && formatSourceFault(fault)).toMatch(/^src\/main\.ts:2:8: .*ctx\.now\(\)/);
  });

  it("is refused by code, under the folder as it was typed, and bounded", async () => {
    const many = Array.from({ length: 300 }, (_, at) => `a(Math.random(), ${at});`).join("\n");
    const folder = author({ "src/main.ts": `${HEAD}${many}${TAIL}` });
    const typed = path.relative("", folder);
    const error: unknown = await failureOf(typed);
    expect(error).toMatchObject({
      code: "SOURCE_FORBIDDEN",
      arguments: { path: typed, count: 300, faults: expect.stringMatching(/and 200 more$/) },
    });
    expect(sourceFaultsOf(error)).toHaveLength(100);
  });

  it("cannot pass for the SDK by the name of its folder", async () => {
    const found = await placesOf("", {
      "src/main.ts": `import { t } from "../cryptlet-fabric/sdk/t.ts";\n${HEAD}return t();${TAIL}`,
      "cryptlet-fabric/sdk/t.ts": "export const t = () => Date.now();",
    });
    expect(found).toEqual(["own/cryptlet-fabric/sdk/t.ts:1:24 Date.now"]);
  });
});

describe("what a Cryptlet may use", () => {
  it.each([
    ["a name of its own", "const process = { env: a }; return process.env;"],
    [
      "a parameter of such a name",
      "return ((fetch, Date, Math) => fetch(Date.now(), Math.random()))(a, b, ctx);",
    ],
    ["a property of such a name", "return a.Date.now() + a.process + { fetch: a, now: b }.fetch;"],
    [
      "a class of its own",
      "class Date { static now() { return 1; } } return [Date.now(), new Date()];",
    ],
    [
      "dates that it is given",
      "return [new Date(ctx.now()), Date.UTC(2026, 1), Date.parse(a), a instanceof Date];",
    ],
    ["mathematics", "const { floor, max } = Math; return floor(max(Math.PI, a)) + Math.abs(b);"],
    [
      "a question what there is",
      "return [typeof process, typeof window, typeof globalThis.fetch, 'crypto' in globalThis];",
    ],
    [
      "errors",
      "class Mine extends Error {} try { a(); } catch (e) { if (e instanceof Mine) throw new Mine(e.message); } return Error;",
    ],
    [
      "a stack that is no error's",
      "const order = { stack: [a] }; return order.stack.length + a.stack;",
    ],
    [
      "functions",
      "return [a instanceof Function, Function.prototype.call.call(a), a.constructor === Object, new a.constructor(b)];",
    ],
    [
      "what the language brings",
      "return [new Map(), JSON.stringify(a), BigInt(b), Symbol.iterator, Number.parseInt(a), atob(a), structuredCloneOf(a)]; function structuredCloneOf(x: any) { return x; }",
    ],
  ])("%s", async (_what, body) => {
    await expectBuilt(body);
  });

  it("what asks first and is then never reached, as libraries do", async () => {
    await expectBuilt("return lib(a);", {
      "src/main.ts": `import { lib } from "asks";\n${HEAD}return lib(a);${TAIL}`,
      "node_modules/asks/package.json": `{"name":"asks","version":"1.0.0","main":"index.js"}`,
      "node_modules/asks/index.js": `
        exports.lib = function (x) {
          if (typeof process !== "undefined" && process.env.DEBUG) console.log;
          var c = typeof crypto != "undefined" && crypto.getRandomValues ? crypto.getRandomValues : null;
          var g = typeof globalThis === "object" && "performance" in globalThis ? globalThis.performance : undefined;
          if (typeof window === "object") { window.x = 1; }
          return [x, c, g];
        };`.replace("console.log;", "return 7;"),
    });
  });

  it("not what asks whether it is missing", async () => {
    expect(await placesOf("return typeof process === 'undefined' ? process.env : 1;")).toEqual([
      "src/main.ts:2:41 process",
    ]);
    expect(await placesOf("return typeof window !== 'undefined' || process.env;")).toEqual([
      "src/main.ts:2:41 process",
    ]);
  });

  it("a package of npm that has the name of a module of Node", async () => {
    await expectBuilt("", {
      "src/main.ts": `import { on } from "events";\n${HEAD}return on(a);${TAIL}`,
      "node_modules/events/package.json": `{"name":"events","version":"3.0.0","main":"index.js"}`,
      "node_modules/events/index.js": "exports.on = function (x) { return x; };",
    });
  });

  it("what a bundle leaves out, because nothing uses it", async () => {
    await expectBuilt("return used(a);", {
      "src/main.ts": `import { used } from "./tools.ts";\n${HEAD}return used(a);${TAIL}`,
      "src/tools.ts":
        "export const used = (x: any) => x;\nexport const unused = () => Math.random();",
    });
  });
});

describe("names", () => {
  it("are a Cryptlet's own wherever it binds them", async () => {
    const names = [
      "fetch",
      "process",
      "Date",
      "Math",
      "eval_",
      "setTimeout",
      "crypto",
      "performance",
    ];
    const forms: readonly ((name: string) => string)[] = [
      (name) => `const ${name} = a; return ${name}.x(b);`,
      (name) => `return (${name}: any) => ${name}.x(b);`,
      (name) => `const { [b]: ${name} } = a; return [() => ${name}.now()];`,
      (name) => `for (const ${name} of a) ${name}.x(); return 1;`,
      (name) => `try { a(); } catch (${name}) { return ${name}; } return 2;`,
      (name) => `function ${name}(x: any): any { return x ? ${name}(0) : 1; } return ${name}(a);`,
      (name) => `return class ${name} { m() { return ${name}; } };`,
      (name) => `{ var ${name} = a; } return ${name}.x;`,
      (name) => `return (({ ${name} = b, ...rest }: any) => [${name}(), rest])(a);`,
    ];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), fc.constantFrom(...forms), async (name, form) => {
        await expectBuilt(form(name));
      }),
      { numRuns: 40 },
    );
  });
});
