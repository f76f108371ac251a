import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readJson, type JsonReader } from "./json-reader.ts";

const faultOf = (run: () => unknown): readonly [string, string] => {
  try {
    run();
    return ["none", ""];
  } catch (error) {
    const { code, arguments: values } = error as {
      code: string;
      arguments: Record<string, string>;
    };
    return [code, values["path"] ?? ""];
  }
};

const answer = readJson('{"a":{"b":[1,"x",null,true,{}]},"n":null}');

describe("JsonReader", () => {
  it("walks to a value", () => {
    const list = answer.field("a").field("b");
    expect([list.item(0).number(), list.item(1).text(), list.item(3).boolean()]).toEqual([
      "1",
      "x",
      true,
    ]);
    expect(list.items()).toHaveLength(5);
    expect([answer.optionalField("n"), answer.optionalField("zzz")]).toEqual([null, null]);
    expect(answer.optionalField("a")?.path).toBe("$.a");
  });

  it.each<[string, (reader: JsonReader) => unknown, string]>([
    ["a missing member", (r) => r.field("c"), "$.c"],
    ["a member of a list", (r) => r.field("a").field("b").field("c"), "$.a.b"],
    ["a member that only a prototype has", (r) => r.field("constructor"), "$.constructor"],
    ["an element too far", (r) => r.field("a").field("b").item(5), "$.a.b"],
    ["elements of an object", (r) => r.field("a").items(), "$.a"],
    ["text of a number", (r) => r.field("a").field("b").item(0).text(), "$.a.b[0]"],
    ["a number of text", (r) => r.field("a").field("b").item(1).number(), "$.a.b[1]"],
    ["a boolean of null", (r) => r.field("a").field("b").item(2).boolean(), "$.a.b[2]"],
    ["a price of true", (r) => r.field("a").field("b").item(3).price("number"), "$.a.b[3]"],
    ["a time of an object", (r) => r.field("a").field("b").item(4).isoTime(), "$.a.b[4]"],
  ])("names the path of %s", (_what, read, path) => {
    expect(faultOf(() => read(answer))).toEqual(["SOURCE_SHAPE", path]);
  });

  it("reads a price of the declared type only", () => {
    expect(readJson("4165.20").price("number").toShortText()).toBe("4165.2");
    expect(readJson('"4165.20"').price("text").toShortText()).toBe("4165.2");
    expect(faultOf(() => readJson('"4165.20"').price("number"))[0]).toBe("SOURCE_SHAPE");
    expect(faultOf(() => readJson("4165.20").price("text"))[0]).toBe("SOURCE_SHAPE");
    for (const text of ["NaN", "Infinity", "", " 1", "1,5", "0x10", "١"])
      expect(faultOf(() => readJson(JSON.stringify(text)).price("text"))[0]).toBe(
        "PRICE_NOT_A_NUMBER",
      );
    for (const text of ["0", "-0", "-1", "0.0000000000000000001"])
      expect(faultOf(() => readJson(text).price("number"))[0]).toBe("PRICE_NOT_POSITIVE");
    expect(faultOf(() => readJson("1e31").price("number"))[0]).toBe("PRICE_NOT_A_NUMBER");
  });

  it("reads any positive price exactly", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 40n }), (units) => {
        const text = `${units / 10n ** 18n}.${String(units % 10n ** 18n).padStart(18, "0")}`;
        expect(readJson(text).price("number").units).toBe(units);
      }),
    );
  });

  it("reads a price of any sign exactly, where the author says so", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), (units) => {
        const size = units < 0n ? -units : units;
        const plain = `${size / 10n ** 18n}.${String(size % 10n ** 18n).padStart(18, "0")}`;
        const text = units < 0n ? `-${plain}` : plain;
        expect(readJson(text).signedPrice("number").units).toBe(units);
        expect(readJson(JSON.stringify(text)).signedPrice("text").units).toBe(units);
        if (units <= 0n)
          expect(faultOf(() => readJson(text).price("number"))[0]).toBe("PRICE_NOT_POSITIVE");
      }),
    );
    expect(readJson("-0.00").signedPrice("number").toText(2)).toBe("0.00");
    expect(readJson("-1.5e1").signedPrice("number").toText(2)).toBe("-15.00");
    const huge = `-1${"0".repeat(31)}`;
    for (const text of ['"-1"', "null", huge, "[]"])
      expect(faultOf(() => readJson(text).signedPrice("number"))[0]).toMatch(
        /^(?:SOURCE_SHAPE|PRICE_NOT_A_NUMBER)$/,
      );
  });

  it("reads times in the forms that providers use", () => {
    const time = Date.parse("2026-07-03T16:08:54Z");
    for (const text of [
      "2026-07-03T16:08:54Z",
      "2026-07-03T16:08:54.000000Z",
      "2026-07-03T18:08:54+02:00",
      "2026-07-03T16:08:54.000+0000",
    ])
      expect(readJson(JSON.stringify(text)).isoTime()).toBe(time);
    expect(readJson('"2026-07-03T16:08:54.5Z"').isoTime()).toBe(time + 500);
    expect(readJson('"2026-07-03T16:08:54.123456789Z"').isoTime()).toBe(time + 123);
    expect(readJson(String(time)).epoch("ms")).toBe(time);
    expect(readJson(String(time / 1_000)).epoch("s")).toBe(time);
    for (const text of [
      "2026-07-03",
      "03.07.2026",
      "2026-13-03T16:08:54Z",
      "now",
      "1969-01-01T00:00:00Z",
    ])
      expect(faultOf(() => readJson(JSON.stringify(text)).isoTime())[0]).toBe("SOURCE_SHAPE");
    for (const text of ["-1", "1.5", "1e3", "999999999999999"])
      expect(faultOf(() => readJson(text).epoch("ms"))[0]).toBe("SOURCE_SHAPE");
  });
});
