import fc from "fast-check";
import { expect, it } from "vitest";
import { isFabricError } from "../../src/core/errors/fabric-error.ts";
import { createRegistryIndex } from "../../src/registry/search/registry-index.ts";
import type { IndexedRelease } from "../../src/registry/search/indexed-release.ts";
import { openStore } from "../../src/store/open-store.ts";
import { indexedRelease } from "../support/indexed-release.ts";

const WORDS = ["gold", "price", "wind", "park", "go", "p", "prices", "goldprice", "usd"];
const word = fc.constantFrom(...WORDS);
const text = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(" "));
const packages = fc
  .uniqueArray(
    fc.record({
      name: fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join("-")),
      description: text,
      state: fc.constantFrom<IndexedRelease["state"][]>("published", "deprecated", "revoked"),
      hosts: fc.subarray(["api.kraken.com", "x.gold.org"]),
      calls: fc.subarray(["gold", "wind-park"]),
      publisher: fc.constantFrom("a", "b").map((one) => `sha256:${one.repeat(64)}`),
    }),
    { minLength: 1, maxLength: 12, selector: ({ name }) => name },
  )
  .map((all) => all.map((one, position) => indexedRelease({ ...one, position })));
const query = fc.oneof(
  text,
  word,
  fc.constantFrom("host:kraken.com", "gold host:gold.org", "is:deprecated wind", "is:revoked", ""),
);

it("answers every question with each package once, in the same order on pages of any size", async () => {
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  const index = createRegistryIndex(store);
  const cursor = { origin: "x", size: 0, root: "" };
  try {
    await fc.assert(
      fc.asyncProperty(
        packages,
        query,
        fc.integer({ min: 1, max: 5 }),
        async (all, asked, limit) => {
          await index.clear();
          await index.put(
            all.map((one) => [one]),
            cursor,
          );
          const whole = (await index.search({ query: asked, limit: 100 })).packages;
          const names = whole.map(({ name }) => name);
          expect(new Set(names).size).toBe(names.length);
          const paged: string[] = [];
          for (let next: string | null = null; ;) {
            const page = await index.search({ query: asked, limit, cursor: next });
            paged.push(...page.packages.map(({ name }) => name));
            ({ next } = page);
            if (next === null) break;
          }
          expect(paged).toEqual(names);
          for (const found of whole) {
            if (!asked.includes("is:revoked")) expect(found.state).not.toBe("revoked");
            if (asked.includes("kraken")) expect(found.hosts).toContain("api.kraken.com");
          }
          // Whatever has all of the words is there, wherever else it is: the question misses nothing.
          const words = asked.split(" ").filter((part) => part !== "" && !part.includes(":"));
          if (words.length > 0 && !asked.includes(":"))
            for (const { name, description, state } of all) {
              const has = new Set([...name.split("-"), ...description.split(" ")]);
              if (state !== "revoked" && words.every((one) => has.has(one)))
                expect(names).toContain(name);
            }
          const exact = all.find(
            ({ name, state }) => name === words.join("-") && state !== "revoked",
          );
          if (exact && words.length > 0 && !asked.includes(":")) expect(names[0]).toBe(exact.name);
          // What is deprecated stands behind what is not, but for the package of that very name.
          const rest = exact ? whole.slice(1) : whole;
          const firstOld = rest.findIndex(({ state }) => state === "deprecated");
          if (firstOld >= 0)
            expect(rest.slice(firstOld).every(({ state }) => state === "deprecated")).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  } finally {
    await store.close();
  }
});

it("understands or refuses by code whatever is typed", async () => {
  const store = await openStore({ driver: "libsql", file: ":memory:" });
  const index = createRegistryIndex(store);
  await index.put([[indexedRelease({ name: "gold-price", position: 0 })]], {
    origin: "x",
    size: 1,
    root: "",
  });
  const marks = fc.constantFrom(
    '"',
    "*",
    "(",
    ")",
    "NOT",
    "AND",
    "NEAR(",
    "^",
    ":",
    "-",
    "{name}",
    "--",
    ";",
    "'",
    "\0",
    "name:",
    "host:",
    "gold",
  );
  const typed = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.array(marks, { maxLength: 12 }).map((parts) => parts.join(" ")),
    fc.array(marks, { maxLength: 12 }).map((parts) => parts.join("")),
  );
  try {
    await fc.assert(
      fc.asyncProperty(typed, fc.boolean(), async (asked, revoked) => {
        try {
          await index.search({ query: asked, revoked });
        } catch (error) {
          expect(isFabricError(error, "REGISTRY_QUERY_INVALID")).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  } finally {
    await store.close();
  }
});
