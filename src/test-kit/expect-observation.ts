import { AssertionError } from "node:assert";
import type { ErrorCode } from "../core/errors/catalogue.ts";
import type { AbiError, ObservationDraft, RecordField, SourceReading } from "../sdk/abi.ts";
import type { TestReport } from "./test-cryptlet.ts";

/** What is asserted of an observation; each gives the same again, so that they chain. */
export interface ObservationExpectation {
  readonly observation: ObservationDraft;
  /** Decimal text exactly as it is signed: `"-12.50"` is not `"-12.5"`. */
  toHaveValue(text: string): ObservationExpectation;
  /** Fields of a record by their texts; those that are not named are of no matter. */
  toHaveFields(fields: Readonly<Record<string, string | RecordField>>): ObservationExpectation;
  /** One source; what is not named is of no matter. */
  toHaveSource(id: string, reading?: Partial<SourceReading>): ObservationExpectation;
  /** How many sources made the value. */
  toHaveUsed(count: number): ObservationExpectation;
  /** RFC 3339 text or ms since epoch. */
  toBeObservedAt(time: string | number): ObservationExpectation;
}

const fail = (
  message: string,
  actual: unknown,
  expected: unknown,
  from: (...values: never[]) => unknown,
): never => {
  throw new AssertionError({
    message,
    actual,
    expected,
    operator: "strictEqual",
    stackStartFn: from,
  });
};

const said = (error: AbiError): string => `${error.code} ${error.message}`;

/**
 * Asserts that the run gave an observation, and that the enclave would sign it: form, feed, sources, count of sources.
 * Throws `AssertionError`.
 * @example
 * ```ts
 * expectObservation(report).toHaveValue("-12.50").toHaveUsed(2).toHaveSource("exaa", { outlier: true });
 * ```
 */
export const expectObservation = (
  report: Pick<TestReport, "observation" | "error" | "statement" | "fault">,
): ObservationExpectation => {
  const { observation, error, statement, fault } = report;
  if (error)
    return fail(`the Cryptlet refused: ${said(error)}`, error.code, null, expectObservation);
  if (fault)
    return fail(
      `the enclave would not sign it: ${said(fault)}`,
      fault.code,
      null,
      expectObservation,
    );
  if (!observation || !statement)
    return fail(
      "a manifest without capabilities is a sketch, which no enclave runs: give the whole cryptlet.json",
      null,
      "an observation",
      expectObservation,
    );
  const { value } = observation;
  const expectation: ObservationExpectation = {
    observation,
    toHaveValue: (text) => {
      const found = value.kind === "decimal" ? value.text : "a record";
      if (found !== text)
        fail(`the value is ${found}, not ${text}`, found, text, expectation.toHaveValue);
      return expectation;
    },
    toHaveFields: (fields) => {
      const found = value.kind === "record" ? value.fields : {};
      for (const [name, wanted] of Object.entries(fields)) {
        const field = Object.hasOwn(found, name) ? found[name] : undefined;
        const matches =
          typeof wanted === "string"
            ? field?.value === wanted
            : field?.type === wanted.type && field.value === wanted.value;
        if (!matches) fail(`the field ${name} is another`, field, wanted, expectation.toHaveFields);
      }
      return expectation;
    },
    toHaveSource: (id, reading = {}) => {
      const source = observation.sources.find((each) => each.id === id);
      if (!source)
        return fail(`there is no source ${id}`, observation.sources, id, expectation.toHaveSource);
      for (const [name, wanted] of Object.entries(reading)) {
        const found = source[name as keyof SourceReading];
        if (found !== wanted)
          fail(
            `${name} of source ${id} is ${found}, not ${wanted}`,
            found,
            wanted,
            expectation.toHaveSource,
          );
      }
      return expectation;
    },
    toHaveUsed: (count) => {
      const { used } = observation.aggregation;
      if (used !== count)
        fail(`${used} sources were used, not ${count}`, used, count, expectation.toHaveUsed);
      return expectation;
    },
    toBeObservedAt: (time) => {
      const wanted = typeof time === "number" ? time : Date.parse(time);
      const found = observation.observedAt;
      if (found !== wanted)
        fail(
          `it was observed at ${new Date(found).toISOString()}`,
          found,
          wanted,
          expectation.toBeObservedAt,
        );
      return expectation;
    },
  };
  return expectation;
};

/**
 * Asserts that the Cryptlet refused with this code, and with these arguments where some are named; gives the error.
 * Throws `AssertionError`.
 * @example
 * ```ts
 * expectRefusal(report, "TOO_FEW_SOURCES", { used: "1" });
 * ```
 */
export const expectRefusal = (
  report: Pick<TestReport, "error">,
  code: ErrorCode,
  values: Readonly<Record<string, string>> = {},
): AbiError => {
  const { error } = report;
  if (!error) return fail("the Cryptlet did not refuse", null, code, expectRefusal);
  if (error.code !== code) fail(`it refused: ${said(error)}`, error.code, code, expectRefusal);
  for (const [name, wanted] of Object.entries(values)) {
    const found = error.arguments[name];
    if (found !== wanted) fail(`its argument ${name} is ${found}`, found, wanted, expectRefusal);
  }
  return error;
};
