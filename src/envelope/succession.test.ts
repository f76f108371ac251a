import { describe, expect, test } from "vitest";
import { createObservation } from "../../test/support/observation-fixture.ts";
import type { Digest } from "../core/ids.ts";
import { checkSuccession, type KnownRound } from "./succession.ts";

const next = createObservation();
const digest = next.previous?.envelopeDigest ?? ("" as Digest);
const known = (changes: Partial<KnownRound> = {}): KnownRound => ({
  round: 6,
  observedAt: next.observedAt - 1,
  envelopeDigest: digest,
  ...changes,
});

test("a direct successor leaves no gap", () => {
  expect(checkSuccession(known(), next)).toBe(0);
});

test("a later round leaves a gap, whose predecessors are not known", () => {
  const envelopeDigest = `sha256:${"9".repeat(64)}` as Digest;
  expect(checkSuccession(known({ round: 2, envelopeDigest }), next)).toBe(4);
});

describe("refuses", () => {
  test.each([
    ["the same round again", { round: 7 }, "OBSERVATION_REPLAYED"],
    ["an older round", { round: 8 }, "OBSERVATION_REPLAYED"],
    ["a newer round of an equal time", { observedAt: next.observedAt }, "OBSERVATION_REPLAYED"],
    ["a newer round of an older time", { observedAt: next.observedAt + 1 }, "OBSERVATION_REPLAYED"],
    [
      "a successor of another history",
      { envelopeDigest: `sha256:${"9".repeat(64)}` as Digest },
      "CHAIN_BROKEN",
    ],
  ])("%s", (_, changes, code) => {
    expect(() => checkSuccession(known(changes), next)).toThrow(expect.objectContaining({ code }));
  });

  test("a successor that names no predecessor", () => {
    expect(() => checkSuccession(known(), createObservation({ previous: null }))).toThrow(
      expect.objectContaining({ code: "CHAIN_BROKEN" }),
    );
  });
});
