import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "./abi.ts";
import { noParameters, readParameters } from "./parameters.ts";

const pathOf = (run: () => unknown): string => {
  try {
    run();
    return "none";
  } catch (error) {
    const { code, arguments: values } = error as {
      code: string;
      arguments: Record<string, string>;
    };
    return code === "PARAMETERS_INVALID" ? (values["path"] ?? "") : code;
  }
};

describe("readParameters", () => {
  it("reads text, words and maps, with fallbacks", () => {
    const reader = readParameters({ a: "x1", w: "red", m: { k: "v" } });
    expect(reader.text("a", /^x\d$/)).toBe("x1");
    expect(reader.text("b", /^y$/, "y")).toBe("y");
    expect(reader.oneOf("w", ["red", "blue"])).toBe("red");
    expect(reader.oneOf("z", ["red", "blue"], "blue")).toBe("blue");
    expect(reader.texts("m")).toEqual({ k: "v" });
    expect(() => reader.end()).not.toThrow();
  });

  it("names the parameter that is wrong, missing or not known", () => {
    const reader = readParameters({ a: 1, w: "green", m: { k: 2 }, extra: true });
    expect(pathOf(() => reader.text("a", /x/))).toBe("a");
    expect(pathOf(() => reader.text("b", /x/))).toBe("b");
    expect(pathOf(() => reader.oneOf("w", ["red"]))).toBe("w");
    expect(pathOf(() => reader.texts("m"))).toBe("m.k");
    expect(pathOf(() => reader.texts("none"))).toBe("none");
    expect(pathOf(() => reader.end())).toBe("extra");
    expect(pathOf(() => readParameters({}).text("toString", /x/))).toBe("toString");
  });

  it("takes nothing but an empty object or null where there are none", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const empty =
          value === null ||
          (typeof value === "object" && !Array.isArray(value) && Object.keys(value).length === 0);
        expect(pathOf(() => noParameters(value as Json)) === "none").toBe(empty);
      }),
    );
  });
});
