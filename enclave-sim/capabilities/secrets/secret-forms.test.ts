import fc from "fast-check";
import { expect, test } from "vitest";
import { secretForms } from "./secret-forms.ts";

const secret = fc.string({ unit: "binary-ascii", minLength: 8, maxLength: 60 });
const padding = fc.string({ maxLength: 7 });
const found = (value: string, text: string) =>
  secretForms(value).some((form) => text.includes(form));

test("a secret is found in every form that echoes come in, whatever stands beside it", () => {
  fc.assert(
    fc.property(secret, padding, padding, (value, before, behind) => {
      const whole = `${before}${value}${behind}`;
      const bytes = Buffer.from(whole);
      const texts = [
        whole,
        JSON.stringify({ echo: whole }),
        JSON.stringify({ echo: value }).replaceAll("/", "\\/"),
        encodeURIComponent(whole),
        new URLSearchParams({ echo: value }).toString(),
        bytes.toString("base64"),
        bytes.toString("base64url"),
        Buffer.from(value).toString("hex"),
        Buffer.from(value).toString("hex").toUpperCase(),
      ];
      for (const text of texts) expect([text, found(value, text)]).toEqual([text, true]);
    }),
    { numRuns: 300 },
  );
});

test("Basic credentials are an echo of the password", () => {
  for (const user of ["", "a", "ab", "abc", "service@example.com"])
    expect(found("correct horse", Buffer.from(`${user}:correct horse`).toString("base64"))).toBe(
      true,
    );
});

test("no form is so short that chance writes it", () => {
  fc.assert(
    fc.property(secret, (value) => {
      for (const form of secretForms(value)) expect(form.length).toBeGreaterThanOrEqual(8);
    }),
  );
  expect(found("abcdefgh", JSON.stringify({ price: "4165.20", at: 1_700_000_000_000 }))).toBe(
    false,
  );
});
