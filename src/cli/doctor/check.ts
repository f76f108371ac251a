/** What the doctor knows of one thing after looking. */
export interface CheckResult {
  readonly id: string;
  readonly title: string;
  /** `warn`: the fabric runs, but something optional is missing. */
  readonly status: "ok" | "warn" | "fail";
  readonly detail: string;
  /** What to do; null when nothing is. */
  readonly todo: string | null;
}

/** One thing to look at. It never throws: what it cannot find out is its answer. */
export interface Check {
  readonly id: string;
  readonly title: string;
  /** `required`: its failure means that a host cannot run here. */
  readonly required: boolean;
  readonly todo: string;
  /** Text of what was found. Throws with the reason when it is not as it must be. */
  readonly look: (context: CheckContext) => Promise<string>;
}

export interface CheckContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly url: string;
  readonly signal: AbortSignal;
}

/** Run one check; a thrown error is its finding. */
export const runCheck = async (check: Check, context: CheckContext): Promise<CheckResult> => {
  const { id, title, required, todo } = check;
  try {
    return { id, title, status: "ok", detail: await check.look(context), todo: null };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { id, title, status: required ? "fail" : "warn", detail, todo };
  }
};
