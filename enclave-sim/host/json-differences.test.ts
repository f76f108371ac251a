import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonDifferences, textDifferences } from "./json-differences.ts";

test("each field that differs is named with both values", () => {
  const recorded = { a: 1, b: [1, { c: "x" }], gone: true };
  const replayed = { a: 1, b: [1, { c: "y" }, 3], more: null };
  expect(jsonDifferences("outcome", recorded, replayed)).toEqual([
    { where: "outcome", path: "b.1.c", recorded: '"x"', replayed: '"y"' },
    { where: "outcome", path: "b.2", recorded: null, replayed: "3" },
    { where: "outcome", path: "gone", recorded: "true", replayed: null },
    { where: "outcome", path: "more", recorded: null, replayed: "null" },
  ]);
});

test("texts that are the same JSON but not the same text are still a difference", () => {
  expect(textDifferences("call 1", '{"a":1}', '{ "a":1}')).toMatchObject([{ path: "(text)" }]);
  expect(textDifferences("call 1", "not json", "not json either")).toHaveLength(1);
});

test("values are equal exactly when nothing differs", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      expect(jsonDifferences("x", one, one)).toEqual([]);
      const [a, b] = [JSON.stringify(one), JSON.stringify(other)];
      expect(textDifferences("x", a, b).length === 0).toBe(a === b);
    }),
  );
});

test("a list of differences is bounded, and so is what is shown of a value", () => {
  const many = jsonDifferences("x", Array(1_000).fill(0), Array(1_000).fill(1));
  expect(many).toHaveLength(50);
  const [long] = jsonDifferences("x", "a".repeat(9_999), "b");
  expect(long?.recorded?.length).toBe(200);
});
