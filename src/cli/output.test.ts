import fc from "fast-check";
import { expect, test } from "vitest";
import { toJsonText } from "./output.ts";

const STEERING = /[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/u;

test("JSON of strangers' text steers no terminal and reads back as it was", () => {
  for (const text of ["\u009B2J", "\u001B[2J", "\u202Egnp.exe", "a\u2028b", "\u007F"])
    expect(toJsonText({ text })).not.toMatch(STEERING);
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string(), (value, key) => {
      const data = { [`k${key}`]: value };
      const text = toJsonText(data);
      expect(text).not.toMatch(STEERING);
      expect(JSON.parse(text)).toEqual(data);
    }),
  );
});

test("bigints are decimal text", () => {
  expect(toJsonText({ value: -(2n ** 70n) })).toBe('{"value":"-1180591620717411303424"}');
});
