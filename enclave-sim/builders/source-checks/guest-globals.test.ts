import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compileEngine } from "../../runners/js/engine-module.ts";
import { createQuickjsEngine } from "../../runners/js/quickjs-engine.ts";
import {
  ALLOWED_GLOBALS,
  INSTEAD,
  PARTLY_ALLOWED,
  PARTLY_REFUSED,
  PRESENT_AND_REFUSED,
} from "./guest-globals.ts";

const limits = { memoryBytes: 16_777_216, maxFuel: 1_000, outcomeCharacters: 100_000 };

/** Names of the globals that a guest finds in its engine. */
const engineGlobals = async (): Promise<readonly string[]> => {
  const engine = createQuickjsEngine(await compileEngine(limits.memoryBytes), limits, {
    call: () => "{}",
    cancelled: () => false,
  });
  const bundle = `globalThis.__cryptlet = { handle: () => JSON.stringify(Object.getOwnPropertyNames(globalThis)) };`;
  const instance = await engine.restore(await engine.build(bundle, "probe"));
  const result = instance.run({ triggerText: "{}", seed: "00".repeat(32), at: 1_000 });
  if ("error" in result) throw new Error(result.error.code);
  return JSON.parse(result.text) as string[];
};
const partly = [...Object.keys(PARTLY_ALLOWED), ...Object.keys(PARTLY_REFUSED), "globalThis"];

test("every name of the engine is allowed, allowed in part, or refused by its name", async () => {
  const known = [...ALLOWED_GLOBALS, ...PRESENT_AND_REFUSED, ...partly].toSorted();
  expect((await engineGlobals()).toSorted()).toEqual(known);
});

test("what is refused is never allowed, and each has its word", () => {
  for (const name of [...PRESENT_AND_REFUSED, ...partly]) {
    expect(ALLOWED_GLOBALS.has(name), name).toBe(false);
    expect(INSTEAD, name).toHaveProperty(name);
  }
});

test("the types that an author's editor knows refuse the same names", () => {
  const types = readFileSync("guest-libraries/typescript/guest.d.ts", "utf8");
  const declared = [...types.matchAll(/^declare const (\w+): never;$/gm)].map(
    ([, name]) => name ?? "",
  );
  expect(declared.length).toBeGreaterThan(20);
  for (const name of declared) expect(ALLOWED_GLOBALS.has(name), name).toBe(false);
  // What the language's own library declares is refused by an overload, and `eval` and Error by syntax alone.
  const overloaded = [
    ...types.matchAll(/^(?:interface|declare namespace) (\w+?)(?:Constructor)? ?(?:<.*)?\{$/gm),
  ].map(([, name]) => name ?? "");
  const library = new Set([...overloaded, "eval", "globalThis"]);
  const missing = Object.keys(INSTEAD).filter(
    (name) => !declared.includes(name) && !library.has(name),
  );
  expect(missing).toEqual([]);
});
