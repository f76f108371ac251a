import { describe, expect, test } from "vitest";
import { createAppraisal } from "../../test/support/bundle-fixture.ts";
import { fixtureReceipt } from "../../test/support/observation-fixture.ts";
import type { Appraisal } from "./appraiser.ts";
import { judgeSimulation } from "./simulation.ts";

const shown = (simulated: boolean) => createAppraisal([], fixtureReceipt.measurement, simulated);
const refused: Appraisal = { ok: false, code: "EVIDENCE_REFUSED", detail: "test" };
const says = (attestation: "simulated" | "hardware") => ({ attestation });

describe("judgeSimulation", () => {
  test.each<
    [string, Appraisal | null, ReturnType<typeof says> | null, boolean | null, string, string]
  >([
    ["a vendor's root", shown(false), says("hardware"), false, "ok", "ok"],
    [
      "a vendor's root, whatever the receipt says",
      shown(false),
      says("simulated"),
      false,
      "ok",
      "ok",
    ],
    ["a simulator's root", shown(true), null, true, "ok", "failed"],
    [
      "a simulator's root under a better claim",
      shown(true),
      says("hardware"),
      true,
      "ok",
      "failed",
    ],
    ["its own word alone", null, says("simulated"), true, "ok", "failed"],
    ["its own word beside refused evidence", refused, says("simulated"), true, "ok", "failed"],
    ["a claim of hardware that nothing shows", null, says("hardware"), null, "skipped", "skipped"],
    ["nothing", null, null, null, "skipped", "skipped"],
    ["refused evidence", refused, null, null, "skipped", "skipped"],
  ])("goes by %s", (_, appraisal, run, simulated, allowed, strict) => {
    expect(judgeSimulation(appraisal, run, { allowSimulated: true })).toMatchObject({
      simulated,
      status: allowed,
    });
    expect(judgeSimulation(appraisal, run, { allowSimulated: false })).toMatchObject({
      simulated,
      status: strict,
    });
  });

  test("says SIMULATED aloud wherever it is", () => {
    for (const allowSimulated of [true, false])
      for (const verdict of [
        judgeSimulation(shown(true), null, { allowSimulated }),
        judgeSimulation(null, says("simulated"), { allowSimulated }),
      ])
        expect(verdict.detail).toContain("SIMULATED");
  });
});
