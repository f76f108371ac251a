import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answerLine, readProgramLine, triggerLine } from "./program-frames.ts";

const read = (text: string, limit = 1_000) => readProgramLine(Buffer.from(text), limit);

test("a call and an outcome are read into canonical JSON", () => {
  expect(read(` { "call" : {"op":"log", "b":[1.0,"\\u00fc"], "a":null} } \r`)).toEqual({
    kind: "call",
    text: `{"a":null,"b":[1,"ü"],"op":"log"}`,
  });
  expect(read(`{"outcome":"x"}`)).toEqual({ kind: "outcome", text: `"x"` });
});

test("any content comes through", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "grapheme" }), fc.boolean(), (content, isCall) => {
      const kind = isCall ? "call" : "outcome";
      const frame = read(JSON.stringify({ [kind]: content }), 1_000_000);
      expect(frame.kind).toBe(kind);
      expect(JSON.parse(frame.text)).toEqual(JSON.parse(JSON.stringify(content)));
    }),
  );
});

describe("refused is", () => {
  test.each([
    ["no object", `1`],
    ["a list", `[{"call":1}]`],
    ["null", `null`],
    ["nothing", ``],
    ["an empty object", `{}`],
    ["a frame of the enclave", `{"answer":{"ok":1}}`],
    ["a frame with more in it", `{"call":1,"more":2}`],
    ["a polluting key", `{"__proto__":{"call":1}}`],
    ["a byte order mark", `\ufeff{"call":1}`],
    ["two values", `{"call":1}{"call":1}`],
  ])("%s", (_name, line) => {
    expect(() => read(line)).toThrow(expect.objectContaining({ code: "GUEST_PROTOCOL" }) as Error);
  });

  test("an outcome beyond its bound, with a code of its own", () => {
    expect(() => read(`{"outcome":"xx"}`, 3)).toThrow(
      expect.objectContaining({ code: "GUEST_ANSWER_TOO_LARGE" }) as Error,
    );
  });
});

test("the enclave's lines are one line each", () => {
  const text = JSON.stringify({ a: "\n\u2028" });
  for (const line of [triggerLine(text), answerLine(text)]) {
    expect(line.indexOf("\n")).toBe(line.length - 1);
    expect(Object.values(JSON.parse(line) as object)).toEqual([{ a: "\n\u2028" }]);
  }
});
