import fc from "fast-check";
import { expect, test } from "vitest";
import { nodeSecurityLevel, TCB_EVALUATION_NUMBER, TCB_LEVELS } from "./tcb-levels.ts";

test.each([
  ["20.18.1", 0],
  ["20.19.0", 1],
  ["20.19.2", 2],
  ["20.19.4", 3],
  ["20.19.10", 3],
  ["20.20.0", 4],
  ["20.20.2", 5],
  ["22.13.0", 0],
  ["22.22.2", 5],
  ["22.23.0", 5],
  // 23 ended before the later releases, 24 and 25 began after the first ones.
  ["23.11.1", 2],
  ["24.0.0", 1],
  ["24.0.2", 2],
  ["25.0.0", 3],
  ["26.0.0-nightly", 5],
])("Node %s has level %i", (version, level) => {
  expect(nodeSecurityLevel(version)).toBe(level);
});

test("within a line a newer version is never worse", () => {
  const version = fc.tuple(
    fc.constantFrom(20, 22, 24, 25),
    fc.integer({ min: 0, max: 30 }),
    fc.integer({ min: 0, max: 9 }),
  );
  fc.assert(
    fc.property(version, fc.integer({ min: 0, max: 5 }), ([major, minor, patch], step) => {
      const level = nodeSecurityLevel(`${major}.${minor}.${patch}`);
      expect(nodeSecurityLevel(`${major}.${minor}.${patch + step}`)).toBeGreaterThanOrEqual(level);
      expect(nodeSecurityLevel(`${major}.${minor + step}.${patch}`)).toBeGreaterThanOrEqual(level);
    }),
  );
});

test("levels stand highest first, only the highest is up to date, and each names what it lacks", () => {
  expect(TCB_LEVELS.map(({ svn }) => svn)).toEqual(
    TCB_LEVELS.map((_, index) => TCB_EVALUATION_NUMBER - index),
  );
  expect(TCB_LEVELS.map(({ advisories }) => advisories.length)).toEqual(
    TCB_LEVELS.map((_, index) => index),
  );
  expect(TCB_LEVELS.filter(({ status }) => status === "UpToDate")).toHaveLength(1);
  for (const { advisories } of TCB_LEVELS)
    for (const advisory of advisories) expect(advisory).toMatch(/^SIM-SA-\d{4}-\d{2}$/);
});
