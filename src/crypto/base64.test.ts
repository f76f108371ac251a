import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeBase64, encodeBase64 } from "./base64.ts";

const refused = expect.objectContaining({ code: "BASE64_INVALID" });

test("bytes survive the way through standard and URL-safe text", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const text = encodeBase64(bytes);
      expect(text).toBe(Buffer.from(bytes).toString("base64"));
      expect(decodeBase64(text)).toEqual(bytes);
      expect(decodeBase64(text.replaceAll("+", "-").replaceAll("/", "_"))).toEqual(bytes);
    }),
  );
});

test("at most one text per alphabet decodes to given bytes", () => {
  const alphabet = Array.from("ABab019+/-_= \n");
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 12 }), (text) => {
      let bytes: Uint8Array;
      try {
        bytes = decodeBase64(text);
      } catch (error) {
        expect(error).toMatchObject({ code: "BASE64_INVALID" });
        return;
      }
      const standard = Buffer.from(bytes).toString("base64");
      expect([standard, standard.replaceAll("+", "-").replaceAll("/", "_")]).toContain(text);
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ["missing padding", "eA"],
  ["stray trailing bits", "eB=="],
  ["a line break", "eHh4\neHh4"],
  ["white space", " eHh4"],
  ["a mixture of alphabets", "+-+-"],
  ["padding inside", "eA==eHh4"],
  ["another alphabet", "e*h4"],
  ["too much padding", "eHh4===="],
])("refuses %s", (_, text) => {
  expect(() => decodeBase64(text)).toThrow(refused);
});
