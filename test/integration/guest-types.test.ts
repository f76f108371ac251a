import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";

const ROOT = path.resolve(".");

/** A package's folder whose only dependency is the fabric, as npm would have put it there. */
const author = (main: string, skipLibCheck = false): string => {
  const folder = temporaryFolder();
  mkdirSync(path.join(folder, "src"), { recursive: true });
  mkdirSync(path.join(folder, "node_modules"));
  symlinkSync(ROOT, path.join(folder, "node_modules/cryptlet-fabric"));
  writeFileSync(path.join(folder, "package.json"), '{"type":"module"}');
  const compilerOptions = {
    target: "ES2023",
    lib: ["ES2023"],
    types: ["cryptlet-fabric/sdk/guest"],
    module: "NodeNext",
    moduleResolution: "NodeNext",
    strict: true,
    noEmit: true,
    skipLibCheck,
  };
  writeFileSync(
    path.join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions, include: ["src"] }),
  );
  writeFileSync(path.join(folder, "src/main.ts"), main);
  return folder;
};

/** Lines of the main file in which the compiler finds a fault. */
const faultsOf = (main: string, skipLibCheck = false): readonly string[] => {
  try {
    const compiler = path.resolve("node_modules/typescript/bin/tsc");
    execFileSync(
      process.execPath,
      [compiler, "-p", author(main, skipLibCheck), "--pretty", "false"],
      { encoding: "utf8" },
    );
    return [];
  } catch (error) {
    const { stdout } = error as { readonly stdout: string };
    return stdout.split("\n").filter((line) => /error TS/.test(line));
  }
};

/** One line each; every one of them must be refused. */
const REFUSED = [
  "export const a1: number = Date.now();",
  "export const a2: Date = new Date();",
  "export const a3: string = Date();",
  "export const a4: number = Math.random();",
  "export const a5: () => void = new Function('x') as never as () => void, a5b: () => void = Function('x');",
  "export const a6: number = 'a'.localeCompare('b');",
  "export const a7: string = (5).toLocaleString();",
  "export const a8: string = new Date(5).toLocaleDateString('de');",
  "export const a9: string = 'a'.toLocaleUpperCase();",
  "export const b1 = new WeakRef({}).deref();",
  "export const b2 = new Intl.Collator('de').compare('a', 'b');",
  "export const b3: ArrayBufferLike = new SharedArrayBuffer(8);",
  "export const b4: string = import.meta.url;",
  "new FinalizationRegistry(() => {}).register({}, 1);",
  "fetch('https://example.com');",
  "setTimeout(() => {}, 1);",
  "setInterval(() => {}, 1);",
  "queueMicrotask(() => {});",
  "console.log(1);",
  "export const b5 = process.env;",
  "export const b6 = require('fs');",
  "export const b7 = performance.now();",
  "export const b8 = crypto.subtle;",
  "export const b9 = globalThis.fetch;",
  "export const c1 = new WebSocket('wss://example.com');",
  "export const c2 = new XMLHttpRequest();",
  "export const c3 = structuredClone({});",
];
const ALLOWED = `
import { defineCryptlet, Fixed, noParameters, type RunContext } from "cryptlet-fabric/sdk";
export const times = (ctx: RunContext): readonly number[] => [
  ctx.now(),
  new Date(ctx.trigger.at).getTime(),
  Date.UTC(2026, 1),
  Date.parse("2026-05-10"),
  Math.floor(1.5),
];
export const texts = ["b", "a"].toSorted((x, y) => (x < y ? -1 : 1)).map((each) => each.toUpperCase());
export const cryptlet = defineCryptlet({
  manifest: { id: "a", version: "1.0.0", feeds: [] },
  feeds: { a: { parameters: noParameters } },
  run: (ctx) => {
    ctx.log.info(new Date(ctx.now()).toISOString());
    throw new Error(String(Fixed.zero));
  },
});
`;

describe("the types of a guest", { timeout: 60_000 }, () => {
  it("refuse what a run could not repeat, each in its line", () => {
    const faults = faultsOf(REFUSED.join("\n"));
    const lines = new Set(faults.map((line) => Number(/main\.ts\((\d+),/.exec(line)?.[1])));
    const missed = REFUSED.filter((_, at) => !lines.has(at + 1));
    expect(missed).toEqual([]);
    expect(faults.filter((line) => !line.includes("src/main.ts("))).toEqual([]);
  });

  it("say what to use in its place", () => {
    expect(faultsOf("export const at: number = Date.now();").join()).toContain("ctx.now()");
    expect(faultsOf("export const at: number = Math.random();").join()).toContain("ctx.random()");
  });

  it("leave the SDK and the language alone", () => {
    expect(faultsOf(ALLOWED, true)).toEqual([]);
  });
});
