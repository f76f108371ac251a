import fc from "fast-check";
import { expect, test } from "vitest";
import { createGuestLogger } from "./guest-log.ts";

const logged = (budget: number, secrets: Record<string, string>, ...messages: string[]) => {
  const lines: string[] = [];
  const logger = createGuestLogger(budget, secrets, ({ message }) => lines.push(message));
  const written = messages.map((message) => logger.write({ level: "info", message }));
  return { lines, written };
};

test("no line holds a secret or a control character, or is longer than a line", () => {
  const secret = "hunter22-secret";
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.nat(3), (text, times) => {
      const message = `${text}${secret.repeat(times)}${text}`;
      for (const line of logged(1e6, { PASSWORD: secret }, message).lines) {
        expect(line).not.toContain(secret);
        expect(line).not.toMatch(/\p{Cc}|\u2028|\u2029/u);
        expect(line.length).toBeLessThanOrEqual(1_001);
      }
    }),
  );
});

test("the budget is the run's, and a line that does not fit is dropped whole", () => {
  const { lines, written } = logged(10, {}, "12345678", "123", "12", "1");
  expect(lines).toEqual(["12345678", "12"]);
  expect(written).toEqual([true, false, true, false]);
});

test("a secret too short to be one is not looked for", () => {
  expect(logged(100, { PIN: "a" }, "banana").lines).toEqual(["banana"]);
});
