import { expect, it } from "vitest";

import { findJsonFault } from "./json-fault.ts";

it.each([
  ['{\n  "a": 1\n  "b": 2\n}', /^line 3, column 3: /],
  ['{"a": 1,\r\n "b" 2}', /^line 2, column 6: /],
  ["", /^line 1, column 1: /],
  ["[1", /^line 1, column 3: /],
  ["{} x", /^line 1, column 4: /],
  ['{"a": 1, "a": 2}', /^JSON_DUPLICATE_KEY/],
])("says where %j is no JSON", (text, said) => {
  expect(findJsonFault(text)).toMatch(said);
});

it("has nothing to say of JSON", () => {
  expect(findJsonFault('{"a": [1, null, "x"]}')).toBeNull();
});
