import { describe, expect, it } from "vitest";
import { fabricError } from "../../core/errors/fabric-error.ts";
import {
  firstFailure,
  testsReport,
  type ReportedModule,
  type ReportedTest,
} from "./test-report.ts";

const test = (fullName: string, state: string, errors?: readonly unknown[]): ReportedTest => ({
  fullName,
  result: () => ({ state, errors }),
  diagnostic: () => (state === "pending" ? undefined : { duration: 1.6 }),
});
const module = (
  moduleId: string,
  tests: readonly ReportedTest[],
  errors: readonly unknown[] = [],
): ReportedModule => ({ moduleId, children: { allTests: () => tests }, errors: () => errors });
const run = { relative: (file: string) => file.slice(1), durationMs: 5 };

describe("testsReport", () => {
  it("counts, and keeps codes of errors and of their causes", () => {
    const coded = fabricError("TEST_NETWORK_REFUSED", { place: "a:1" });
    const fetchFailed = Object.assign(new TypeError("fetch failed"), { cause: coded });
    const report = testsReport(
      [
        module("/a", [
          test("one", "passed"),
          test("two", "failed", [coded, fetchFailed, new Error("x".repeat(9_000)), "text", null]),
          test("three", "pending"),
        ]),
      ],
      [],
      run,
    );
    expect(report).toMatchObject({ tests: 3, passed: 1, failed: 1, skipped: 1, durationMs: 5 });
    const [, failed] = report.files[0]?.tests ?? [];
    expect(failed?.errors.map(({ code }) => code)).toEqual([
      "TEST_NETWORK_REFUSED",
      "TEST_NETWORK_REFUSED",
      null,
      null,
      null,
    ]);
    expect(failed?.errors[2]?.message).toHaveLength(4_000);
    expect(report.files[0]?.tests.map(({ durationMs }) => durationMs)).toEqual([2, 2, 0]);
    expect(firstFailure(report)).toBe('"two" in a');
  });

  it("does not take Node's codes for ours", () => {
    const node = Object.assign(new Error("no"), { code: "ENOENT" });
    const report = testsReport([module("/a", [test("one", "failed", [node])])], [], run);
    expect(report.files[0]?.tests[0]?.errors).toEqual([{ message: "no", code: null }]);
  });

  it("finds a file that does not load, and a fault outside of any test", () => {
    const unloaded = testsReport([module("/a", [], [new Error("no")])], [], run);
    expect(firstFailure(unloaded)).toBe("a");
    expect(firstFailure(testsReport([], [new Error("late")], run))).toBe("late");
    expect(firstFailure(testsReport([module("/a", [test("one", "passed")])], [], run))).toBeNull();
  });
});
