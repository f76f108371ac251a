/** One test as it ended. */
export interface TestOutcome {
  /** With the names of the groups that it is in. */
  readonly name: string;
  readonly state: "passed" | "failed" | "skipped";
  readonly durationMs: number;
  /** What it failed with; `code` where that was an error of the catalogue. */
  readonly errors: readonly { readonly message: string; readonly code: string | null }[];
}

/** What came of the tests of a package. */
export interface TestsReport {
  readonly tests: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly durationMs: number;
  readonly files: readonly {
    /** Relative to the package's folder. */
    readonly file: string;
    readonly tests: readonly TestOutcome[];
    /** What the file itself failed with, when it did not come as far as its tests. */
    readonly errors: TestOutcome["errors"];
  }[];
  /** Faults outside of any test. */
  readonly errors: TestOutcome["errors"];
}

/** The part of vitest's reporter API that is used (vitest 3 and 4, "reported tasks"). */
export interface ReportedModule {
  readonly moduleId: string;
  readonly children: { allTests(): Iterable<ReportedTest> };
  errors(): readonly unknown[];
}
export interface ReportedTest {
  readonly fullName: string;
  result(): { readonly state: string; readonly errors?: readonly unknown[] | undefined };
  diagnostic(): { readonly duration: number } | undefined;
}

const errorOf = (error: unknown): TestOutcome["errors"][number] => {
  const { message, code, cause } = (error ?? {}) as {
    message?: unknown;
    code?: unknown;
    cause?: { code?: unknown };
  };
  const known = [code, cause?.code].find(
    (found) => typeof found === "string" && /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/.test(found),
  );
  return {
    message: (typeof message === "string" ? message : String(error)).slice(0, 4_000),
    code: typeof known === "string" ? known : null,
  };
};

const outcomeOf = (test: ReportedTest): TestOutcome => {
  const { state, errors = [] } = test.result();
  return {
    name: test.fullName,
    state: state === "passed" || state === "failed" ? state : "skipped",
    durationMs: Math.round(test.diagnostic()?.duration ?? 0),
    errors: errors.map(errorOf),
  };
};

/** The report of a run from what vitest tells its reporters. */
export const testsReport = (
  modules: readonly ReportedModule[],
  unhandled: readonly unknown[],
  run: { readonly relative: (file: string) => string; readonly durationMs: number },
): TestsReport => {
  const files = modules.map((module) => ({
    file: run.relative(module.moduleId),
    tests: [...module.children.allTests()].map(outcomeOf),
    errors: module.errors().map(errorOf),
  }));
  const all = files.flatMap(({ tests }) => tests);
  const count = (state: TestOutcome["state"]) => all.filter((test) => test.state === state).length;
  return {
    tests: all.length,
    passed: count("passed"),
    failed: count("failed"),
    skipped: count("skipped"),
    durationMs: run.durationMs,
    files,
    errors: unhandled.map(errorOf),
  };
};

/** What failed first, in words; null when nothing did. */
export const firstFailure = (report: TestsReport): string | null => {
  for (const { file, tests, errors } of report.files) {
    if (errors.length > 0) return file;
    const failed = tests.find(({ state }) => state === "failed");
    if (failed) return `"${failed.name}" in ${file}`;
  }
  return report.errors[0]?.message ?? null;
};
