import type { ErrorCode } from "../core/errors/catalogue.ts";
import { exitCodeOf, fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import {
  verificationSteps,
  type VerificationReport,
  type VerificationStep,
  type VerificationStepName,
} from "./verification-report.ts";

/** Collects steps in order; turns coded errors into failed steps. */
export interface StepList {
  readonly failed: boolean;
  ok(step: VerificationStepName, detail: string, key?: string): void;
  skip(step: VerificationStepName, detail: string): void;
  fail(step: VerificationStepName, code: ErrorCode, detail: string): void;
  /** Result of `check`, or undefined after recording its error as a failed step. */
  attempt<Value>(step: VerificationStepName, check: () => Value): Value | undefined;
  /** Every step once, those never reached as skipped. */
  finish(facts: Omit<VerificationReport, "ok" | "code" | "exitCode" | "steps">): VerificationReport;
}

export const createStepList = (): StepList => {
  const steps = new Map<VerificationStepName, VerificationStep>();
  const failure = () => [...steps.values()].find(({ status }) => status === "failed");
  const list: StepList = {
    get failed() {
      return failure() !== undefined;
    },
    ok: (step, detail, key) => {
      steps.set(step, { step, status: "ok", detail, ...(key === undefined ? {} : { key }) });
    },
    skip: (step, detail) => {
      steps.set(step, { step, status: "skipped", detail });
    },
    fail: (step, code, detail) => {
      steps.set(step, { step, status: "failed", detail, code });
    },
    attempt: (step, check) => {
      try {
        return check();
      } catch (error) {
        const known = isFabricError(error)
          ? error
          : fabricError("INTERNAL", { reason: String(error) });
        list.fail(step, known.code, known.message);
        return undefined;
      }
    },
    finish: (facts) => {
      const ordered = verificationSteps.map(
        (step): VerificationStep =>
          steps.get(step) ?? {
            step,
            status: "skipped",
            detail: "not reached: an earlier step failed",
          },
      );
      const code = ordered.find(({ status }) => status === "failed")?.code ?? null;
      return {
        ok: code === null,
        code,
        exitCode: code === null ? 0 : exitCodeOf(code),
        steps: ordered,
        ...facts,
      };
    },
  };
  return list;
};
