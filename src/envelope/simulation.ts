import type { Appraisal } from "./appraiser.ts";
import type { RunReceipt } from "./run-receipt.ts";
import type { StepList } from "./step-list.ts";

/** What is known about the enclave behind a statement, and whether that is accepted. */
export interface SimulationVerdict {
  /** False only where accepted evidence stands under a vendor's root; null where nobody can tell. */
  readonly simulated: boolean | null;
  readonly status: "ok" | "failed" | "skipped";
  readonly detail: string;
}

/**
 * Accepted evidence decides. Without it the signed receipt's word about its own enclave stands alone, and it counts one
 * way: that it is simulated is believed, that it is hardware is not.
 */
export const judgeSimulation = (
  appraisal: Appraisal | null,
  run: Pick<RunReceipt, "attestation"> | null,
  { allowSimulated }: { readonly allowSimulated: boolean },
): SimulationVerdict => {
  const appraised = appraisal?.ok === true;
  const own = run?.attestation === "simulated" ? ", by the word of its own signed receipt" : "";
  if (appraised && !appraisal.simulated) {
    const though = own === "" ? "" : "; the receipt of the run says simulated all the same";
    return {
      simulated: false,
      status: "ok",
      detail: `the trust anchor is not a simulated one${though}`,
    };
  }
  if (!appraised && own === "")
    return { simulated: null, status: "skipped", detail: "unknown: no appraised evidence" };
  const how = appraised ? "" : own;
  return allowSimulated
    ? {
        simulated: true,
        status: "ok",
        detail: `SIMULATED${how}: no hardware protects the key; the policy allows it`,
      }
    : {
        simulated: true,
        status: "failed",
        detail: `SIMULATED${how}, and the policy forbids that`,
      };
};

/** The step `simulation`: a simulated enclave is said aloud, whoever says so. */
export const reportSimulation = (
  steps: Pick<StepList, "ok" | "skip" | "fail">,
  ...[appraisal, run, trust]: Parameters<typeof judgeSimulation>
): boolean | null => {
  const { simulated, status, detail } = judgeSimulation(appraisal, run, trust);
  if (status === "failed") steps.fail("simulation", "SIMULATED_NOT_ALLOWED", detail);
  else if (status === "ok") steps.ok("simulation", detail);
  else steps.skip("simulation", detail);
  return simulated;
};
