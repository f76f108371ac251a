import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkFilter, checkSubject, matchesSubject, overlapping } from "./subject.ts";

const codeOf = (work: () => void): unknown => {
  try {
    work();
    return null;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
};

/** The model: NATS's rules as a regular expression. */
const expression = (filter: string): RegExp =>
  new RegExp(
    `^${filter
      .split(".")
      .map((t) => (t === "*" ? "[^.]+" : t === ">" ? ".+" : t))
      .join("\\.")}$`,
  );

const token = fc.constantFrom("a", "b", "c");
const subjects = fc.array(token, { minLength: 1, maxLength: 4 }).map((t) => t.join("."));
const filters = fc
  .tuple(
    fc.array(fc.oneof(token, fc.constant("*")), { maxLength: 4 }),
    fc.constantFrom<readonly string[]>([], [">"]),
  )
  .map(([head, tail]) => [...head, ...tail].join("."))
  .filter((text) => text !== "");

/** Every subject of up to five tokens over an alphabet that holds one token more than the filters use. */
const universe = (() => {
  let level = [""];
  const all: string[] = [];
  for (let depth = 0; depth < 5; depth += 1) {
    level = level.flatMap((head) =>
      ["a", "b", "c", "z"].map((t) => (head === "" ? t : `${head}.${t}`)),
    );
    all.push(...level);
  }
  return all;
})();

describe("subjects", () => {
  it("match as the model says", () => {
    fc.assert(
      fc.property(filters, subjects, (filter, subject) => {
        expect(matchesSubject(filter, subject)).toBe(expression(filter).test(subject));
      }),
      { numRuns: 1_000 },
    );
  });

  it("overlap exactly when some subject is taken by both", () => {
    fc.assert(
      fc.property(filters, filters, (a, b) => {
        const common = universe.some((s) => expression(a).test(s) && expression(b).test(s));
        expect(overlapping(a, b)).toBe(common);
        expect(overlapping(b, a)).toBe(common);
      }),
      { numRuns: 200 },
    );
  });

  it("are known as sound when they are", () => {
    fc.assert(
      fc.property(subjects, filters, (subject, filter) => {
        checkSubject(subject);
        checkFilter(filter);
      }),
    );
  });

  it.each([
    "",
    ".",
    "a.",
    ".a",
    "a..b",
    "a b",
    "a\r\nPUB x 1",
    "a.*",
    "a.>",
    "ä",
    "a\0",
    "$JS.API.STREAM.DELETE.X",
    "a".repeat(256),
  ])("%j is refused", (subject) => {
    expect(codeOf(() => checkSubject(subject))).toBe("BUS_SUBJECT_INVALID");
  });

  it.each(["", "a.>.b", ">.a", "a*", "a.b>", "*.*.", "a\t"])("filter %j is refused", (filter) => {
    expect(codeOf(() => checkFilter(filter))).toBe("BUS_SUBJECT_INVALID");
  });
});
