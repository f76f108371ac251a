import { describe, expect, it } from "vitest";
import type { ArgumentNames, ErrorEntry } from "./arguments.ts";
import { errorCatalogue, type ErrorCode } from "./catalogue.ts";
import { exitCodeOf, fabricError, httpStatusOf, isFabricError } from "./fabric-error.ts";

describe("fabricError", () => {
  it("fills the message and keeps code, kind, hint, arguments and cause", () => {
    const cause = new Error("why");
    const error = fabricError("CONFIG_UNREADABLE", { file: "a.json", reason: "gone" }, { cause });
    expect(error).toMatchObject({
      name: "FabricError",
      code: "CONFIG_UNREADABLE",
      kind: "user",
      message: "The configuration file a.json cannot be read: gone",
      arguments: { file: "a.json", reason: "gone" },
      cause,
    });
    expect(error.hint).not.toBe("");
  });

  it("does not compile without an argument, with a foreign one or with an unknown code", () => {
    // @ts-expect-error reason is missing
    expect(fabricError("INTERNAL", {}).message).toContain("{reason}");
    // @ts-expect-error detail is no argument of INTERNAL
    fabricError("INTERNAL", { reason: "x", detail: "y" });
    // @ts-expect-error an object is no argument value
    fabricError("INTERNAL", { reason: {} });
    // @ts-expect-error there is no such code
    expect(() => fabricError("NO_SUCH_CODE", {})).toThrow(TypeError);
    const names: ArgumentNames<"{a} of {b}"> = "a";
    expect(names).toBe("a");
  });

  it("fills a value in once and never reads braces inside it", () => {
    const error = fabricError("CONFIG_UNREADABLE", { file: "{reason}", reason: "$&" });
    expect(error.message).toBe("The configuration file {reason} cannot be read: $&");
  });
});

describe("isFabricError", () => {
  it("goes by the code and never by the class", () => {
    const foreign = Object.assign(new Error("x"), { code: "INTERNAL" });
    expect(isFabricError(foreign)).toBe(true);
    expect(isFabricError(foreign, "INTERNAL")).toBe(true);
    expect(isFabricError(foreign, "INTERRUPTED")).toBe(false);
  });

  it.each([
    null,
    "INTERNAL",
    { code: "INTERNAL" },
    new Error("x"),
    Object.assign(new Error("x"), { code: "ECONNREFUSED" }),
    Object.assign(new Error("x"), { code: "toString" }),
    Object.assign(new Error("x"), { code: 7 }),
  ])("does not take %j for one", (value) => {
    expect(isFabricError(value)).toBe(false);
  });
});

describe("errorCatalogue", () => {
  const entries = Object.entries(errorCatalogue) as [ErrorCode, ErrorEntry][];

  it.each(entries)("%s is complete and plain", (code, entry) => {
    expect(code).toMatch(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/);
    expect(entry.message.length).toBeGreaterThan(5);
    expect(entry.hint.length).toBeGreaterThan(10);
    expect(entry.message.replaceAll(/\{[a-z]\w*\}/gi, "")).not.toMatch(/[{}]/);
    expect(entry.hint).not.toMatch(/\{\w+\}/);
  });

  it.each(entries)("%s has an exit code and a status that fit its kind", (code, entry) => {
    expect(exitCodeOf(code)).not.toBe(0);
    const status = httpStatusOf(code);
    // What the user of the host did wrong may be a 503 to a client of its API, but never a 500.
    const allowed = {
      user: (n: number) => n >= 400 && n !== 500,
      verification: (n: number) => n >= 400 && n < 500,
      unavailable: (n: number) => n === 429 || n > 500,
      internal: (n: number) => n >= 500,
    }[entry.kind];
    expect(allowed(status)).toBe(true);
  });

  it("loses no code to a second entry of the same name", async () => {
    const { readdirSync } = await import("node:fs");
    const folder = new URL("catalogue/", import.meta.url);
    const codes: string[] = [];
    for (const file of readdirSync(folder)) {
      const module = (await import(new URL(file, folder).href)) as Record<string, object>;
      for (const part of Object.values(module)) codes.push(...Object.keys(part));
    }
    expect(codes.toSorted()).toEqual(Object.keys(errorCatalogue).toSorted());
  });
});
