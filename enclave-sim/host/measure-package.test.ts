import fc from "fast-check";
import { expect, test } from "vitest";
import { MEASURED, replayMeasurementLog } from "../../src/attestation/measurement-log.ts";
import { answering, probePackage } from "../../test/support/guest-fixture.ts";
import type { EngineSnapshot } from "../runners/js/js-engine.ts";
import { measuredContents, measurePackage } from "./measure-package.ts";
import { measurePlatform } from "./measure-platform.ts";

const engine = Uint8Array.from({ length: 300 }, (_, index) => index % 256);
const cryptlet = probePackage(answering());
const snapshot: EngineSnapshot = {
  memory: Uint8Array.from({ length: 500 }, (_, index) => (index * 7) % 256),
  stackPointer: 1,
  runtimePointer: 2,
  contextPointer: 3,
  beginToken: 4,
};
const measure = (
  change: {
    engine?: Uint8Array;
    cryptlet?: Partial<typeof cryptlet>;
    snapshot?: Partial<EngineSnapshot>;
  } = {},
) =>
  measurePackage(
    measuredContents(
      change.engine ?? engine,
      { ...cryptlet, ...change.cryptlet },
      { ...snapshot, ...change.snapshot },
    ),
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
        measure({ engine: flip(engine, position) }),
        measure({ cryptlet: { bundle: flip(cryptlet.bundle, position) } }),
        measure({ cryptlet: { manifestBytes: flip(cryptlet.manifestBytes, position) } }),
        measure({ snapshot: { memory: flip(snapshot.memory, position) } }),
      ];
      expect(new Set([here, ...others]).size).toBe(5);
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
    ...measuredContents(engine, cryptlet, snapshot),
    "end-of-launch": "",
  };
  const log = MEASURED.map((type) => ({ type, content: contents[type] }));
  expect(replayMeasurementLog(log).measurement).toBe(measure());
  expect(measurePlatform()).toEqual(measurePlatform());
  expect(contents.runtime).toContain(process.versions.node);
});
