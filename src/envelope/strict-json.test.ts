import fc from "fast-check";
import { expect, test } from "vitest";
import { parseStrictJson } from "./strict-json.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const parse = (input: Uint8Array | string) =>
  parseStrictJson(input, { limit: 10_000, what: "test" });

test("reads what JSON.parse reads, whatever the white space", () => {
  fc.assert(
    fc.property(
      fc.jsonValue().filter((value) => !JSON.stringify(value).includes("__proto__")),
      fc.integer({ min: 0, max: 4 }),
      (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parse(text)).toEqual(JSON.parse(text));
        expect(parse(bytes(text))).toEqual(JSON.parse(text));
      },
    ),
  );
});

test("one more copy of any key is refused, wherever it stands", () => {
  const key = fc.string({ maxLength: 6 }).filter((name) => name !== "__proto__");
  fc.assert(
    fc.property(
      fc.dictionary(key, fc.jsonValue({ maxDepth: 1 }), { minKeys: 1 }),
      fc.nat(),
      (object, pick) => {
        fc.pre(!JSON.stringify(object).includes("__proto__"));
        const members = Object.entries(object).map(
          ([name, value]) => `${JSON.stringify(name)} : ${JSON.stringify(value)}`,
        );
        const twice = [...members, members[pick % members.length]];
        expect(parse(`[{${members.join(",")}}]`)).toEqual([JSON.parse(`{${members.join(",")}}`)]);
        expect(() => parse(`[{${twice.join(" ,")}}]`)).toThrow(
          expect.objectContaining({ code: "JSON_MALFORMED" }),
        );
      },
    ),
  );
});

test.each([
  ["a key twice", '{"a":1,"a":1}'],
  ["a key twice with an escape", '{"a":1,"\\u0061":2}'],
  ["a key twice deep inside", '[{"x":{"b":[{"a":1,"c":2,"a":3}]}}]'],
  ["__proto__", '{"__proto__":{"x":1}}'],
  ["escaped __proto__", '{"\\u005f_proto__":1}'],
  ["a byte order mark", "\ufeff{}"],
  ["a comment", "{}//"],
  ["a trailing comma", "[1,]"],
  ["two values", "{}{}"],
  ["nothing", ""],
  ["NaN", "NaN"],
  ["nesting without end", `${"[".repeat(65)}${"]".repeat(65)}`],
  ["nesting of objects", `${'{"a":'.repeat(65)}1${"}".repeat(65)}`],
])("refuses %s", (_, text) => {
  const refused = expect.objectContaining({ code: "JSON_MALFORMED" });
  expect(() => parse(text)).toThrow(refused);
  expect(() => parse(bytes(text))).toThrow(refused);
});

test.each([
  ["an overlong form", [0x22, 0xc0, 0x80, 0x22]],
  ["a lone continuation byte", [0x22, 0x80, 0x22]],
  ["an encoded surrogate", [0x22, 0xed, 0xa0, 0x80, 0x22]],
  ["a cut sequence", [0x22, 0xe2, 0x82, 0x22]],
  ["UTF-16", [0x22, 0x00, 0x61, 0x00]],
])("refuses %s", (_, array) => {
  expect(() => parse(Uint8Array.from(array))).toThrow(
    expect.objectContaining({ code: "JSON_MALFORMED" }),
  );
});

test("strings that look like members do not confuse it", () => {
  const value = { 'a":': '{"a":1,"a":2}', ":": ":", "\\": '\\"', "": '":":"' };
  expect(parse(JSON.stringify(value))).toEqual(value);
});

test("the deepest nesting allowed is read", () => {
  expect(() => parse(`${"[".repeat(64)}${"]".repeat(64)}`)).not.toThrow();
});

test("too much input is refused before it is parsed", () => {
  const refused = expect.objectContaining({ code: "INPUT_TOO_LARGE" });
  expect(() => parse(" ".repeat(10_001))).toThrow(refused);
  expect(() => parse(new Uint8Array(10_001))).toThrow(refused);
});

test("a megabyte of opening brackets is refused in the parser, not by the stack", () => {
  expect(() => parseStrictJson("[".repeat(1_000_000), { limit: 2_000_000, what: "test" })).toThrow(
    expect.objectContaining({ code: "JSON_MALFORMED" }),
  );
  const closed = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
  expect(() => parseStrictJson(closed, { limit: 2_000_000, what: "test" })).toThrow(
    expect.objectContaining({ code: "JSON_MALFORMED" }),
  );
});
