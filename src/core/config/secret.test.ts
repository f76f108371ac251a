import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { Secret } from "./secret.ts";

describe("Secret", () => {
  const secret = new Secret("hidden-value");

  it("gives its value to who asks for it by name", () => {
    expect(secret.reveal()).toBe("hidden-value");
  });

  it.each([
    ["String", () => String(secret)],
    ["a template", () => `<${secret as unknown as string}>`],
    ["concatenation", () => "a " + (secret as unknown as string)],
    ["JSON", () => JSON.stringify({ secret, list: [secret] })],
    ["inspect", () => inspect({ secret })],
    ["inspect with everything shown", () => inspect(secret, { showHidden: true, depth: 9 })],
    [
      "inspect without custom printing",
      () => inspect(secret, { customInspect: false, showHidden: true }),
    ],
    ["a structured clone", () => inspect(structuredClone(secret))],
    [
      "its properties",
      () =>
        Reflect.ownKeys(secret)
          .map((key) => inspect(Reflect.get(secret, key)))
          .join(),
    ],
    ["an error about it", () => inspect(new Error(`bad ${secret.toString()}`))],
  ])("shows nothing through %s", (_, show) => {
    expect(show()).not.toContain("hidden-value");
  });
});
