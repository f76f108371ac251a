import { expect, test } from "vitest";
import { capMemory } from "./cap-memory.ts";
import { compileEngine } from "./engine-module.ts";

const PAGE = 65_536;
const MAGIC = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
/** A module that exports a memory of one page. */
const tiny = Uint8Array.from([...MAGIC, 5, 3, 1, 0, 1, 7, 5, 1, 1, 0x6d, 2, 0]);
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: { m: { grow(pages: number): number } } };
};

test("the memory grows to its bound and no further", () => {
  const { m } = new WebAssembly.Instance(new WebAssembly.Module(capMemory(tiny, 3 * PAGE))).exports;
  expect(m.grow(2)).toBe(1);
  expect(() => m.grow(1)).toThrow(RangeError);
});

test("a bound below what the module begins with is what it begins with", () => {
  const { m } = new WebAssembly.Instance(new WebAssembly.Module(capMemory(tiny, 1))).exports;
  expect(() => m.grow(1)).toThrow(RangeError);
});

test("a bound of the module's own is replaced", () => {
  const bounded = Uint8Array.from([...MAGIC, 5, 4, 1, 1, 1, 9, 7, 5, 1, 1, 0x6d, 2, 0]);
  const { m } = new WebAssembly.Instance(new WebAssembly.Module(capMemory(bounded, 2 * PAGE)))
    .exports;
  expect(m.grow(1)).toBe(1);
  expect(() => m.grow(1)).toThrow(RangeError);
});

test("what has no memory of its own, or is no module, is refused", () => {
  expect(() => capMemory(Uint8Array.from(MAGIC), PAGE)).toThrow(/memory/);
  expect(() => capMemory(Uint8Array.from([...MAGIC, 5, 0xff, 0xff]), PAGE)).toThrow(/LEB/);
  expect(() => capMemory(Uint8Array.from([...MAGIC, 5, 5, 2, 0, 1, 0, 1]), PAGE)).toThrow(/one/);
});

test("the engine itself is compiled once per bound", async () => {
  const first = compileEngine(8_388_608);
  expect(compileEngine(8_388_608)).toBe(first);
  expect(compileEngine(16_777_216)).not.toBe(first);
  await expect(first).resolves.toBeDefined();
});
