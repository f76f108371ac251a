import { expect, test } from "vitest";
import { probePackage } from "../../test/support/guest-fixture.ts";
import { limitsOf } from "./limits.ts";

const { manifest } = probePackage("");

test("without a word of the host the manifest's limits hold", () => {
  expect(limitsOf(manifest)).toMatchObject(manifest.limits);
});

test("the host may lower a limit and never raise it", () => {
  const limits = limitsOf(manifest, { timeoutMs: 7, memoryBytes: 1e12, maxFuel: 3 });
  expect(limits).toMatchObject({
    timeoutMs: 7,
    memoryBytes: manifest.limits.memoryBytes,
    maxFuel: 3,
  });
});
