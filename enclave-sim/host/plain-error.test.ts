import fc from "fast-check";
import { expect, test } from "vitest";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { plainError } from "./plain-error.ts";

test("no word of a guest's error leaves its line, and the code stays", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (reason) => {
      const error = plainError(fabricError("GUEST_THREW", { reason })) as Error & { code: string };
      expect(error.code).toBe("GUEST_THREW");
      expect(error.message).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
    }),
  );
});

test("numbers and other errors are left as they are", () => {
  expect(plainError(fabricError("RUN_FUEL", { limit: 7 }))).toMatchObject({
    arguments: { limit: 7 },
  });
  const other = new Error("x");
  expect(plainError(other)).toBe(other);
});
