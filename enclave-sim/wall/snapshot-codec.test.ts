import fc from "fast-check";
import { expect, test } from "vitest";
import type { LaneSnapshot } from "../runners/lane-engine.ts";
import { decodeSnapshot, encodeSnapshot } from "./snapshot-codec.ts";
import { snapshotHeaderSchema } from "./snapshot-header.ts";

// @types/node knows the types of this global only.
declare const WebAssembly: { Module: new (bytes: Uint8Array) => WebAssembly.Module };

const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
const bytes = fc.uint8Array({ maxLength: 100 });
const pointer = fc.nat(0xffff_ffff);
const snapshots = fc.oneof(
  fc.record({
    lane: fc.constant("js" as const),
    memory: bytes,
    stackPointer: pointer,
    runtimePointer: pointer,
    contextPointer: pointer,
    beginToken: pointer,
  }),
  fc.record({
    lane: fc.constant("wasm" as const),
    module: fc.constant(new WebAssembly.Module(EMPTY_MODULE)),
    moduleBytes: fc.constant(EMPTY_MODULE),
    memory: fc.option(bytes),
    globals: fc.array(fc.oneof(fc.double(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))),
  }),
  fc.record({ lane: fc.constant("evm" as const), code: bytes }),
);
const overThePipe = (snapshot: LaneSnapshot): Promise<LaneSnapshot> => {
  const { header, parts } = encodeSnapshot(snapshot);
  const parsed = snapshotHeaderSchema.parse(JSON.parse(JSON.stringify(header)));
  return decodeSnapshot(parsed, Buffer.concat(parts));
};

test("a snapshot comes through a pipe as it was, NaN, -0 and 64-bit integers too", async () => {
  await fc.assert(
    fc.asyncProperty(snapshots, async (snapshot) => {
      const back = await overThePipe(snapshot);
      const plain = (from: LaneSnapshot) =>
        Object.fromEntries(Object.entries(from).filter(([name]) => name !== "module"));
      expect(plain(back)).toEqual(plain(snapshot));
    }),
  );
});

test("bytes that do not fit to the header are refused, and so is a module that is none", async () => {
  const { header } = encodeSnapshot({ lane: "evm", code: Uint8Array.of(1, 2, 3) });
  await expect(decodeSnapshot(header, Buffer.of(1, 2))).rejects.toThrow(RangeError);
  await expect(decodeSnapshot(header, Buffer.of(1, 2, 3, 4))).rejects.toThrow(RangeError);
  const wasm = { lane: "wasm", globals: [], bytes: [2, -1] } as const;
  await expect(
    decodeSnapshot(snapshotHeaderSchema.parse(wasm), Buffer.of(1, 2)),
  ).rejects.toBeInstanceOf(Error);
});

test.each([
  { lane: "js", stackPointer: -1, runtimePointer: 0, contextPointer: 0, beginToken: 0, bytes: [1] },
  {
    lane: "js",
    stackPointer: 0,
    runtimePointer: 0,
    contextPointer: 0,
    beginToken: 0,
    bytes: [2e9],
  },
  { lane: "wasm", globals: [{ double: "zz" }], bytes: [1, -1] },
  { lane: "wasm", globals: [{ integer: "1e9" }], bytes: [1, -1] },
  { lane: "wasm", globals: [], bytes: [1, -2] },
  { lane: "evm", bytes: [1], more: 1 },
  { lane: "process", bytes: [1] },
])("the header %j is refused", (header) => {
  expect(snapshotHeaderSchema.safeParse(header).success).toBe(false);
});

test("a program's code goes another way", () => {
  expect(() => encodeSnapshot({ lane: "process", code: new Uint8Array() })).toThrow(RangeError);
});
