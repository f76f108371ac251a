import { expect, expectTypeOf, test } from "vitest";
import type { z } from "zod";
import { draft, trigger } from "../../test/support/guest-fixture.ts";
import type { ObservationDraft, RunOutcome, TriggerInput } from "../../src/sdk/abi.ts";
import type { Provenance } from "../capabilities/capability.ts";
import {
  observationDraftSchema,
  type provenanceSchema,
  runOutcomeSchema,
  triggerSchema,
} from "./abi-schemas.ts";

test("what parses is what src/sdk/abi.ts describes", () => {
  expectTypeOf<z.infer<typeof triggerSchema>>().toExtend<TriggerInput>();
  expectTypeOf<z.infer<typeof observationDraftSchema>>().toExtend<ObservationDraft>();
  expectTypeOf<z.infer<typeof runOutcomeSchema>>().toExtend<RunOutcome>();
  expectTypeOf<z.infer<typeof provenanceSchema>>().toExtend<Provenance>();
});

test("a draft parses to itself, and with anything more or less not at all", () => {
  const good = draft();
  expect(observationDraftSchema.parse(good)).toEqual(good);
  for (const name of Object.keys(good)) {
    const { [name as keyof ObservationDraft]: _, ...less } = good;
    expect(observationDraftSchema.safeParse(less).success).toBe(false);
  }
  expect(observationDraftSchema.safeParse({ ...good, round: 1 }).success).toBe(false);
});

test.each([
  ["a price as a float", { value: { kind: "decimal", text: 1, decimals: 0, unit: "" } }],
  ["a price in hex", { value: { kind: "decimal", text: "0x10", decimals: 0, unit: "" } }],
  [
    "a price with a sign in front",
    { value: { kind: "decimal", text: "+1", decimals: 0, unit: "" } },
  ],
  ["a negative time", { observedAt: -1 }],
  ["a time after the year 9999", { observedAt: 253_402_300_800_000 }],
  ["65 sources", { sources: Array.from({ length: 65 }, () => ({})) }],
])("%s is no draft", (_name, change) => {
  expect(observationDraftSchema.safeParse({ ...draft(), ...change }).success).toBe(false);
});

test.each([
  ["a word as a decimal", { type: "decimal", value: "rich" }],
  ["an exponent as a decimal", { type: "decimal", value: "1e400" }],
  ["neither true nor false", { type: "boolean", value: "maybe" }],
  ["a date as a timestamp", { type: "timestamp", value: "2026-01-01" }],
  ["a null with a value", { type: "null", value: "AAA" }],
])("%s is no field of a record", (_name, field) => {
  const value = (given: object) => ({
    ...draft(),
    value: { kind: "record", fields: { a: given } },
  });
  expect(observationDraftSchema.safeParse(value({ type: "string", value: "x" })).success).toBe(
    true,
  );
  expect(observationDraftSchema.safeParse(value(field)).success).toBe(false);
});

test.each(["\u001b[2J", "a\nb", "\u009b31m", "\u202egnp", "ok\u0000"])(
  "%j steers nobody's terminal: not as a source, a method, a session or an error",
  (text) => {
    const good = draft();
    const reading = {
      id: "a",
      reference: null,
      extracted: null,
      observedAt: null,
      outlier: false,
      error: "SOURCE_SHAPE",
    };
    const fits = (change: object) =>
      observationDraftSchema.safeParse({ ...good, sources: [reading], ...change }).success;
    expect(fits({})).toBe(true);
    expect(fits({ sources: [{ ...reading, id: text }] })).toBe(false);
    expect(fits({ sources: [{ ...reading, error: text }] })).toBe(false);
    expect(fits({ aggregation: { ...good.aggregation, method: text } })).toBe(false);
    expect(fits({ market: { ...good.market, session: text } })).toBe(false);
  },
);

test("parameters are any JSON and nothing else", () => {
  for (const parameters of [null, 1, "x", [{ a: [true] }], {}])
    expect(triggerSchema.parse(trigger({ parameters })).parameters).toEqual(parameters);
  for (const parameters of [undefined, 1n, new Map(), () => 1, Number.NaN])
    expect(triggerSchema.safeParse({ ...trigger(), parameters }).success).toBe(false);
});

test("an outcome is a success or a failure, never both or neither", () => {
  const ok = { observation: draft() };
  const error = { code: "TOO_FEW_SOURCES", arguments: {} };
  expect(runOutcomeSchema.safeParse({ ok }).success).toBe(true);
  expect(runOutcomeSchema.safeParse({ error }).success).toBe(true);
  expect(runOutcomeSchema.safeParse({ ok, error }).success).toBe(false);
  expect(runOutcomeSchema.safeParse({}).success).toBe(false);
});
