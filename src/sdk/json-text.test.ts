import * as fc from "fast-check";
import { parse as parseLossless } from "lossless-json";
import { describe, expect, it } from "vitest";
import { JsonNumber, parseJsonText, type JsonValue } from "./json-text.ts";

const codeOf = (text: string): string => {
  try {
    parseJsonText(text);
    return "none";
  } catch (error) {
    return (error as { code: string }).code;
  }
};

/** The same value as plain JavaScript, numbers as `{ n: text }`. */
const plain = (value: JsonValue): unknown => {
  if (value instanceof JsonNumber) return { n: value.text };
  if (value instanceof Map) return { o: [...value].map(([key, inner]) => [key, plain(inner)]) };
  return Array.isArray(value) ? value.map((inner: JsonValue) => plain(inner)) : value;
};
const plainOfLossless = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(plainOfLossless);
  if (typeof value !== "object" || value === null) return value;
  if ("isNumberText" in value) return { n: (value as { text?: unknown }).text };
  return { o: Object.entries(value).map(([key, inner]) => [key, plainOfLossless(inner)]) };
};

describe("parseJsonText", () => {
  it("keeps a number as it was written", () => {
    for (const text of ["1.10", "-0", "0.1e-7", "12345678901234567890.123", "1E5"])
      expect((parseJsonText(text) as JsonNumber).text).toBe(text);
  });

  it("reads what JSON.stringify writes, member for member", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        const text = JSON.stringify(value);
        const rebuilt = (inner: JsonValue): unknown => {
          if (inner instanceof JsonNumber) return Number(inner.text);
          if (inner instanceof Map)
            return Object.fromEntries([...inner].map(([key, child]) => [key, rebuilt(child)]));
          return Array.isArray(inner) ? inner.map((child: JsonValue) => rebuilt(child)) : inner;
        };
        expect(rebuilt(parseJsonText(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  it("agrees with lossless-json on number text", () => {
    const number = fc.tuple(fc.integer(), fc.nat(), fc.integer({ min: -30, max: 30 }));
    fc.assert(
      fc.property(fc.array(fc.dictionary(fc.string(), number)), (rows) => {
        const text = `[${rows
          .map((row) =>
            JSON.stringify(row).replaceAll(/\[(-?\d+),(\d+),(-?\d+)\]/g, "[$1.$2,$1e$3]"),
          )
          .join(",")}]`;
        const lossless = parseLossless(text, undefined, (found) => ({
          isNumberText: true,
          text: found,
        }));
        expect(plain(parseJsonText(text))).toEqual(plainOfLossless(lossless));
      }),
    );
  });

  it("accepts exactly what JSON.parse accepts, repeated keys aside", () => {
    const pieces = fc.constantFrom(
      ...'{}[],:"\\u0041ntf\n\t\u0001 01-+.eE'.split(""),
      "true",
      "null",
      '"a"',
      "1.5",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join("");
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        const code = codeOf(text);
        expect(code === "none" || code === "JSON_DUPLICATE_KEY").toBe(valid);
      }),
      { numRuns: 2_000 },
    );
  });

  it("refuses a repeated key even when the values are equal", () => {
    expect(codeOf('{"price":1,"price":1}')).toBe("JSON_DUPLICATE_KEY");
    expect(codeOf('{"price":1,"pr\\u0069ce":2}')).toBe("JSON_DUPLICATE_KEY");
    expect(codeOf('[{"a":{}},{"a":{"b":1,"b":2}}]')).toBe("JSON_DUPLICATE_KEY");
  });

  it("lets no key reach a prototype", () => {
    const value = parseJsonText('{"__proto__":{"polluted":true},"constructor":1}');
    expect(value instanceof Map && [...value.keys()]).toEqual(["__proto__", "constructor"]);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });

  it("refuses deep nesting, long text, and tokens that only JavaScript has", () => {
    expect(codeOf("[".repeat(100_000))).toBe("JSON_INVALID");
    expect(codeOf(`${"[".repeat(32)}${"]".repeat(32)}`)).toBe("none");
    expect(codeOf(`"${"x".repeat(1_048_576)}"`)).toBe("JSON_INVALID");
    for (const text of [
      "NaN",
      "Infinity",
      "undefined",
      "0x10",
      "01",
      "1.",
      ".5",
      "+1",
      "'a'",
      "[1,]",
      '{"a":1,}',
      "",
      "1 2",
      '"\n"',
      '"\\x"',
      '"abc',
      "\ufeff1",
    ])
      expect([text, codeOf(text)]).toEqual([text, "JSON_INVALID"]);
  });
});
