import fc from "fast-check";
import { expect, test } from "vitest";
import { MEASURED, replayMeasurementLog } from "../../src/attestation/measurement-log.ts";
import { answering, probePackage } from "../../test/support/guest-fixture.ts";
import type { LaneSnapshot } from "../runners/lane-engine.ts";
import { digestOf } from "../../src/crypto/hashes.ts";
import { readEngineBytes } from "../runners/js/engine-bytes.ts";
import { measuredContents, measurePackage, snapshotDigest } from "./measure-package.ts";
import { measurePlatform } from "./measure-platform.ts";

// @types/node knows the types of this global only.
declare const WebAssembly: { Module: new (bytes: Uint8Array) => WebAssembly.Module };

type JsSnapshot = Extract<LaneSnapshot, { lane: "js" }>;
const cryptlet = probePackage(answering());
const snapshot: JsSnapshot = {
  lane: "js",
  memory: Uint8Array.from({ length: 500 }, (_, index) => (index * 7) % 256),
  stackPointer: 1,
  runtimePointer: 2,
  contextPointer: 3,
  beginToken: 4,
};
const measure = (
  change: {
    cryptlet?: Partial<typeof cryptlet>;
    snapshot?: Partial<JsSnapshot>;
  } = {},
) =>
  measurePackage(
    measuredContents({ ...cryptlet, ...change.cryptlet }, { ...snapshot, ...change.snapshot }),
  );
const flip = (bytes: Uint8Array, position: number): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  const at = position % copy.length;
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
};

test("one bit anywhere is another measurement", () => {
  const here = measure();
  expect(measure()).toBe(here);
  fc.assert(
    fc.property(fc.nat(), (position) => {
      const others = [
        measure({ cryptlet: { bundle: flip(cryptlet.bundle, position) } }),
        measure({ cryptlet: { manifestBytes: flip(cryptlet.manifestBytes, position) } }),
        measure({ snapshot: { memory: flip(snapshot.memory, position) } }),
      ];
      expect(new Set([here, ...others]).size).toBe(4);
    }),
  );
});

test("where the parts of a snapshot lie is measured with it", () => {
  const places = ["stackPointer", "runtimePointer", "contextPointer", "beginToken"] as const;
  const others = places.map((name) => measure({ snapshot: { [name]: 99 } }));
  expect(new Set([measure(), ...others]).size).toBe(5);
});

test("platform and Cryptlet together are a whole log", () => {
  const contents = {
    ...measurePlatform(),
    ...measuredContents(cryptlet, snapshot),
    "end-of-launch": "",
  };
  const log = MEASURED.map((type) => ({ type, content: contents[type] }));
  expect(replayMeasurementLog(log).measurement).toBe(measure());
  expect(measurePlatform()).toEqual(measurePlatform());
  expect(contents.runtime).toContain(process.versions.node);
});

const contentsOf = (other: LaneSnapshot) => measuredContents(cryptlet, other);

test("the engine's own bytes are measured", () => {
  expect(contentsOf(snapshot).interpreter).toBe(
    JSON.stringify({ engine: digestOf(readEngineBytes()) }),
  );
});

test("each lane's snapshot is measured in a form of its own", () => {
  const code = Uint8Array.of(1, 2, 3);
  const module = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  const wasm = { lane: "wasm", module, moduleBytes: code, memory: null, globals: [] } as const;
  const measured = [
    { lane: "process", code },
    { ...snapshot, memory: code },
  ] satisfies LaneSnapshot[];
  // A program has no memory before its run; its runtime is measured as the interpreter.
  expect(snapshotDigest({ lane: "process", code })).toBeNull();
  expect(() => contentsOf({ lane: "process", code })).toThrow(
    expect.objectContaining({ code: "LANE_UNAVAILABLE" }) as Error,
  );
  const wasmForms: LaneSnapshot[] = [
    wasm,
    { ...wasm, memory: new Uint8Array() },
    { ...wasm, globals: [1] },
    { ...wasm, globals: [1n] },
    { ...wasm, moduleBytes: Uint8Array.of(1), memory: Uint8Array.of(2, 3) },
    { ...wasm, moduleBytes: Uint8Array.of(1, 2), memory: Uint8Array.of(3) },
    { lane: "evm", code },
  ];
  const digests = wasmForms.map((other) => snapshotDigest(other));
  expect(new Set([...digests, ...measured.map(snapshotDigest)]).size).toBe(9);
});
