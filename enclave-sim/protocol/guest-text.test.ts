import fc from "fast-check";
import { expect, test } from "vitest";
import { draft, trigger } from "../../test/support/guest-fixture.ts";
import { parseOutcome, readTrigger } from "./guest-text.ts";

test("a trigger has one text, whatever the order of its keys", () => {
  const { id, kind, feed, parameters, at } = trigger({ parameters: { b: 1, a: [null] } });
  const text = readTrigger({ at, parameters, feed, kind, id }).text;
  expect(text).toBe(readTrigger({ id, kind, feed, parameters, at }).text);
  expect(JSON.parse(text)).toEqual({ id, kind, feed, parameters, at });
});

test("a trigger that is wrong or too large is refused", () => {
  const wrong = [
    trigger({ at: -1 }),
    trigger({ at: 1.5 }),
    trigger({ id: "" }),
    { ...trigger(), more: 1 },
    trigger({ parameters: "x".repeat(70_000) }),
  ];
  for (const input of wrong)
    expect(() => readTrigger(input)).toThrow(
      expect.objectContaining({ code: "ENCLAVE_MESSAGE_INVALID" }),
    );
});

test("a good outcome is read as it was written", () => {
  const good = { ok: { observation: draft() } };
  expect(parseOutcome(JSON.stringify(good))).toEqual(good);
});

test("half of a surrogate pair is no answer, however it is written; a whole one is", () => {
  const outcome = (session: string) =>
    JSON.stringify({ ok: { observation: draft() } }).replace(
      '"session":null',
      `"session":"${session}"`,
    );
  for (const half of ["\ud800", "\udfff", "\\ud800", "a\\uDC00b", "\\ude00\\ud83d"])
    expect(() => parseOutcome(outcome(half))).toThrow(
      expect.objectContaining({ code: "GUEST_ANSWER_INVALID" }),
    );
  for (const whole of ["\ud83d\ude00", "\\ud83d\\ude00", "\\\\ud800", "d800"])
    expect(parseOutcome(outcome(whole))).toBeDefined();
});

test("any other text is refused with a code", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(() => parseOutcome(text)).toThrow(
        expect.objectContaining({ code: "GUEST_ANSWER_INVALID" }),
      );
    }),
  );
});

test.each([
  [
    "a float as text of a price",
    { value: { kind: "decimal", text: "1e5", decimals: 8, unit: "USD" } },
  ],
  ["a half source", { sources: [{ id: "a" }] }],
  ["no used source", { aggregation: { method: "m", minSources: 1, used: 0, spread: "0" } }],
  ["an unknown market state", { market: { status: "maybe", session: null, nextOpen: null } }],
  ["a value of no kind", { value: { kind: "price", text: "1" } }],
])("%s is no outcome", (_name, change) => {
  const text = JSON.stringify({ ok: { observation: { ...draft(), ...change } } });
  expect(() => parseOutcome(text)).toThrow(
    expect.objectContaining({ code: "GUEST_ANSWER_INVALID" }),
  );
});
