import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answerJsonQuery, JSON_KIND, JSON_QUERY } from "./json-query.ts";

const encoder = new TextEncoder();
const get = (text: string, pointer: string): Uint8Array => {
  const at = encoder.encode(pointer);
  const head = Buffer.alloc(5);
  head[0] = JSON_QUERY.get;
  head.writeUInt32BE(at.length, 1);
  return Buffer.concat([head, at, encoder.encode(text)]);
};
const read = (bytes: Uint8Array | null) => {
  if (!bytes) throw new Error("no answer");
  const buffer = Buffer.from(bytes);
  return [buffer[0], buffer.readUInt32BE(1), buffer.subarray(5).toString("utf8")];
};
const ask = (text: string, pointer = "") => read(answerJsonQuery(get(text, pointer)));

const document = `{"a":[1.10,"x\\n\\ud83d\\ude00",null,true,false,{"b/c":{"~":-0e5}}],"":{"k":1}}`;

test.each([
  ["/a/0", JSON_KIND.number, 0, "1.10"],
  ["/a/1", JSON_KIND.text, 4, "x\n😀"],
  ["/a/2", JSON_KIND.null, 0, "null"],
  ["/a/3", JSON_KIND.true, 0, "true"],
  ["/a/4", JSON_KIND.false, 0, "false"],
  ["/a/5", JSON_KIND.object, 1, `{"b/c":{"~":-0e5}}`],
  ["/a/5/b~1c/~0", JSON_KIND.number, 0, "-0e5"],
  ["/", JSON_KIND.object, 1, `{"k":1}`],
  ["/a", JSON_KIND.list, 6, `[1.10,"x\\n😀",null,true,false,{"b/c":{"~":-0e5}}]`],
])("%s is found", (pointer, kind, count, text) => {
  expect(ask(document, pointer)).toEqual([kind, count, text]);
});

test.each(["a", "/b", "/a/6", "/a/-1", "/a/01", "/a/1e0", "/a/0/0", "/a/1/length", "/__proto__"])(
  "%s is not there",
  (pointer) => {
    expect(ask(document, pointer)).toEqual([JSON_KIND.missing, 0, ""]);
  },
);

test("text that is no JSON is told with its refusal, wherever the pointer goes", () => {
  for (const text of ["", "{", `{"a":1,"a":1}`, "01", "[1,]", "NaN", "\ufeff1", "[".repeat(99)]) {
    const [kind, , refusal] = ask(text, "/x");
    expect(kind).toBe(JSON_KIND.invalid);
    expect(JSON.parse(String(refusal))).toHaveProperty("code");
  }
});

test("an input of another form has no answer", () => {
  for (const hex of ["", "00", "03", "01", "0100", "01000000", "0100000001", "01ffffffff7b7d"])
    expect(answerJsonQuery(Buffer.from(hex, "hex"))).toBeNull();
});

describe("for anything", () => {
  test("JSON reads as JSON.parse reads it", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        const [kind, , again] = ask(text);
        const said = kind === JSON_KIND.text ? JSON.stringify(again) : String(again);
        expect(JSON.parse(said)).toEqual(JSON.parse(text));
      }),
    );
  });

  test("a quoted text reads back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const bytes = Buffer.concat([Buffer.of(JSON_QUERY.quote), encoder.encode(text)]);
        const [kind, , quoted] = read(answerJsonQuery(bytes));
        expect([kind, JSON.parse(String(quoted))]).toEqual([JSON_KIND.text, text]);
      }),
    );
  });

  test("bytes give an answer or none, and never an exception", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const [first, ...rest] = bytes;
        const input = Uint8Array.of((first ?? 0) % 3, ...rest);
        expect(answerJsonQuery(input)?.length ?? 5).toBeGreaterThanOrEqual(5);
      }),
    );
  });
});
