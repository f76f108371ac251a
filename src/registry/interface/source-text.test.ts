import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commentText, solidityText, typescriptText } from "./source-text.ts";

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom("*", "/", "@", "\\", '"', "\n", "\u202e", "\ud800", "{", "a"),
  }),
);

describe("text of a manifest in printed source", () => {
  it("stays one comment on one line", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const comment = commentText(text);
        expect(comment).not.toMatch(/\*\/|[\n\r\u2028\u2029\u202a-\u202e\u2066-\u2069@\\{}]/u);
      }),
    );
  });

  it("is the same text again as a TypeScript literal in ASCII", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const literal = typescriptText(text);
        expect(literal).toMatch(/^"[ -~]*"$/);
        expect(JSON.parse(literal)).toBe(text);
      }),
    );
  });

  it("is the same bytes again as a Solidity literal in ASCII", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const literal = solidityText(text);
        expect(literal).toMatch(/^"(?:[ !#-[\]-~]|\\x[0-9a-f]{2})*"$/);
        const bytes = Array.from(
          literal.slice(1, -1).matchAll(/\\x([0-9a-f]{2})|([ -~])/g),
          ([, hex, character = ""]) =>
            hex === undefined ? character.charCodeAt(0) : Number.parseInt(hex, 16),
        );
        expect(new TextDecoder().decode(Uint8Array.from(bytes))).toBe(text);
      }),
    );
  });
});
