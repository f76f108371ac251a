import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { systemCode } from "./system-code.ts";

it("names a fault of the system", async () => {
  const fault: unknown = await readFile("/nowhere/at/all").catch((error: unknown) => error);
  expect(systemCode(fault)).toBe("ENOENT");
});

it.each([
  ["no code", new Error("no")],
  ["a number", Object.assign(new Error("no"), { code: 7 })],
  ["no error", { code: "ENOENT" }],
  ["nothing", undefined],
])("names nothing where there is %s", (_what, error) => {
  expect(systemCode(error)).toBeNull();
});
