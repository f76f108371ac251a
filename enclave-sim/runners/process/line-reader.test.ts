import fc from "fast-check";
import { expect, test } from "vitest";
import { createLineReader } from "./line-reader.ts";

const collect = (maxBytes: number) => {
  const lines: string[] = [];
  const reader = createLineReader(maxBytes, (line) => lines.push(Buffer.from(line).toString()));
  return { lines, reader };
};

test("lines come out whole, however their bytes arrive", () => {
  const text = fc.stringMatching(/^[a-z😀\r]*$/u);
  fc.assert(
    fc.property(fc.array(text), text, fc.array(fc.nat(9)), (given, rest, cuts) => {
      const bytes = Buffer.from([...given, rest].join("\n"));
      const { lines, reader } = collect(1_000);
      let from = 0;
      for (const cut of [...cuts, bytes.length]) {
        reader.push(bytes.subarray(from, from + cut));
        from += cut;
      }
      expect(lines).toEqual(given);
      expect(reader.rest).toBe(Buffer.byteLength(rest));
    }),
  );
});

test("a line may be as long as the bound, and not a byte longer, in one piece or in many", () => {
  const { lines, reader } = collect(4);
  reader.push(Buffer.from("1234\n"));
  expect(lines).toEqual(["1234"]);
  expect(() => reader.push(Buffer.from("12345\n"))).toThrow(RangeError);
  const other = collect(4).reader;
  other.push(Buffer.from("123"));
  expect(() => other.push(Buffer.from("45"))).toThrow(RangeError);
});

test("what was kept of a line that is too long is given back", () => {
  const { reader } = collect(10);
  reader.push(Buffer.alloc(10));
  expect(reader.rest).toBe(10);
  expect(() => reader.push(Buffer.alloc(1))).toThrow(RangeError);
});
