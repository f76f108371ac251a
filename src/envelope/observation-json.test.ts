import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyObservation } from "../../test/support/observation-arbitrary.ts";
import {
  createObservation,
  createRecordObservation,
} from "../../test/support/observation-fixture.ts";
import { canonicalJson } from "./canonical-json.ts";
import { encodeObservation, parseObservation } from "./observation-json.ts";

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const encode = (text: string) => new TextEncoder().encode(text);

test("the payload of any observation is its canonical JSON, and reads back", () => {
  fc.assert(
    fc.property(anyObservation, (observation) => {
      const bytes = encodeObservation(observation);
      expect(decode(bytes)).toBe(canonicalJson(observation));
      expect(parseObservation(bytes)).toEqual(observation);
      expect(encodeObservation(parseObservation(bytes))).toEqual(bytes);
    }),
  );
});

test("the order of an observation's keys does not matter", () => {
  const observation = createObservation();
  const reversed = Object.fromEntries(
    Object.entries(observation).toReversed(),
  ) as typeof observation;
  expect(encodeObservation(reversed)).toEqual(encodeObservation(observation));
});

const sessionOf = (session: string) =>
  createObservation({ market: { status: "open", session, nextOpen: null } });

test("half a surrogate pair is refused, a backslash before ud is not", () => {
  expect(() => encodeObservation(sessionOf("\ud83d"))).toThrow(
    expect.objectContaining({ code: "JSON_MALFORMED" }),
  );
  const odd = sessionOf("\\ud83d");
  expect(parseObservation(encodeObservation(odd))).toEqual(odd);
});

describe("refuses a statement", () => {
  const text = decode(encodeObservation(createObservation()));
  const change = (from: string, to: string): string => {
    expect(text).toContain(from);
    return text.replace(from, to);
  };
  test.each([
    ["with an unknown field", change('"issuedAt"', '"extra":1,"issuedAt"')],
    ["without a field", change('"validUntil":1768496400999,', "")],
    ["with a field twice", change('"issuedAt"', '"issuedAt":1,"issuedAt"')],
    [
      "with a float for a time",
      change('"observedAt":1768492800000', '"observedAt":1768492800000.5'),
    ],
    ["with a number for a value", change('"text":"2650.10"', '"text":2650.10')],
    ["with NaN text", change('"text":"2650.10"', '"text":"NaN"')],
    ["with an exponent", change('"text":"2650.10"', '"text":"1e3"')],
    ["with round 0", change('"round":7', '"round":0')],
    ["with a round beyond 32 bits", change('"round":7', '"round":4294967296')],
    ["with a negative time", change('"observedAt":1768492800000', '"observedAt":-1')],
    ["with a bad digest", change("sha256:3", "sha512:3")],
    ["with a bad feed id", change('"feed":"xau-usd"', '"feed":"XAU/USD"')],
    ["with another mode", change('"EMULATED"', '"SIMULATED"')],
    ["with a byte order mark", `\ufeff${text}`],
    ["that is cut", text.slice(0, -1)],
    ["that is null", "null"],
    ["that is empty", ""],
    ["with an endless unit", change('"USD/ozt"', `"${"U".repeat(65)}"`)],
  ])("%s", (_, wrong) => {
    expect(() => parseObservation(encode(wrong))).toThrow(
      expect.objectContaining({ code: "STATEMENT_MALFORMED" }),
    );
  });

  test("of megabytes", () => {
    expect(() => parseObservation(new Uint8Array(600_000).fill(0x20))).toThrow(
      expect.objectContaining({ code: "STATEMENT_MALFORMED" }),
    );
  });

  test("of bytes that are no UTF-8", () => {
    expect(() => parseObservation(Uint8Array.of(0x7b, 0xff, 0x7d))).toThrow(
      expect.objectContaining({ code: "STATEMENT_MALFORMED" }),
    );
  });
});

test("a record's fields stand in key order", () => {
  expect(decode(encodeObservation(createRecordObservation()))).toMatch(
    /"fields":\{"blocked":.*"limit":.*"rating":/,
  );
});
