import { expect, test } from "vitest";
import { readEngineBytes } from "./engine-bytes.ts";
import { isUsedExport } from "./engine-module.ts";
import { keepExports } from "./keep-exports.ts";

interface Exported {
  readonly name: string;
  readonly kind: string;
}
declare const WebAssembly: {
  Module: { new (bytes: Uint8Array): object; exports(module: object): Exported[] };
  Instance: new (module: object) => { exports: Record<string, unknown> };
};
const exportsOf = (bytes: Uint8Array) => WebAssembly.Module.exports(new WebAssembly.Module(bytes));

const MAGIC = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
/** A memory that is exported as `m` and as `n`, and an empty custom section behind them. */
const twice = Uint8Array.from(
  [MAGIC, [5, 3, 1, 0, 1], [7, 9, 2, 1, 0x6d, 2, 0, 1, 0x6e, 2, 0], [0, 2, 1, 0x78]].flat(),
);

test("what is named stays, the rest of the module too", () => {
  const kept = keepExports(twice, (name) => name === "n");
  expect(exportsOf(kept).map(({ name }) => name)).toEqual(["n"]);
  expect(Object.keys(new WebAssembly.Instance(new WebAssembly.Module(kept)).exports)).toEqual([
    "n",
  ]);
  expect(kept.slice(-4)).toEqual(twice.slice(-4));
  expect(keepExports(twice, () => true)).toEqual(twice);
});

test("nothing of it may be left over, and what breaks off is refused", () => {
  for (let length = 9; length < twice.length - 4; length += 1) {
    // A module may end behind a section.
    if (length === MAGIC.length + 5) continue;
    expect(() => keepExports(twice.slice(0, length), () => true)).toThrow(/breaks off/);
  }
  const longer = Uint8Array.from([...MAGIC, 7, 6, 1, 1, 0x6d, 2, 0, 0]);
  expect(() => keepExports(longer, () => true)).toThrow(/behind its end/);
});

test("of the engine there stays what its library asks for by name, and its code is the same", () => {
  const whole = readEngineBytes();
  const names = (bytes: Uint8Array) => exportsOf(bytes).map(({ name }) => name);
  const kept = names(keepExports(whole, isUsedExport));
  expect(kept).toEqual(names(whole).filter(isUsedExport));
  expect(kept).toEqual(expect.arrayContaining(["memory", "__stack_pointer", "_initialize"]));
  expect(kept.length).toBeLessThan(names(whole).length / 3);
});
