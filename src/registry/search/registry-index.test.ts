import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { indexedRelease } from "../../../test/support/indexed-release.ts";
import { openStore } from "../../store/open-store.ts";
import type { Store } from "../../store/store.ts";
import type { IndexedRelease } from "./indexed-release.ts";
import { createRegistryIndex, type RegistryIndex } from "./registry-index.ts";

let store: Store;
let index: RegistryIndex;
beforeEach(async () => {
  store = await openStore({ driver: "libsql", file: ":memory:" });
  index = createRegistryIndex(store);
});
afterEach(() => store.close());

const CURSOR = { origin: "registry.test", size: 0, root: "00" };
const put = (...packages: (IndexedRelease | readonly IndexedRelease[])[]) =>
  index.put(
    packages.map((entry): readonly IndexedRelease[] =>
      Array.isArray(entry) ? entry : [entry as IndexedRelease],
    ),
    CURSOR,
  );
const release = indexedRelease;
const names = async (query: string, options: { limit?: number; revoked?: boolean } = {}) =>
  (await index.search({ query, ...options })).packages.map(({ name }) => name);
const matches = async (query: string) =>
  (await index.search({ query })).packages.map(({ name, match }) => [name, match]);

const gold = release({
  name: "gold-price",
  position: 1,
  description: "Price of gold in USD per troy ounce.",
  feeds: [{ id: "xau-usd", kind: "decimal", description: "Median of five providers." }],
  hosts: ["api.kraken.com", "*.prices.swissquote.com"],
});

describe("what a person expects first", () => {
  it("is the name, then names that begin so, names with the words, offers, descriptions, beginnings", async () => {
    await put(
      gold,
      release({ name: "gold-price-archive", position: 2 }),
      release({ name: "daily-gold-price", position: 3 }),
      release({
        name: "metals",
        position: 4,
        feeds: [{ id: "gold-price", kind: "decimal", description: "x" }],
      }),
      release({ name: "commodities", position: 5, description: "The price of gold and silver." }),
      release({ name: "funds", position: 6, description: "Goldmine pricelists." }),
      release({ name: "weather", position: 7 }),
    );
    expect(await matches("gold price")).toEqual([
      ["gold-price", "name"],
      ["gold-price-archive", "name-prefix"],
      ["daily-gold-price", "name-words"],
      ["metals", "offers"],
      ["commodities", "description"],
      ["funds", "partial"],
    ]);
    expect((await names("gold-price")).slice(0, 3)).toEqual([
      "gold-price",
      "gold-price-archive",
      "daily-gold-price",
    ]);
  });

  it("is found half typed, without its hyphens, in the plural, in another order, with accents", async () => {
    await put(gold);
    for (const query of [
      "g",
      "go",
      "gold-p",
      "gold-pr",
      "goldprice",
      "goldpri",
      "gold prices",
      "price gold",
      "Göld PRICE",
      "the price of gold",
      "ounce troy",
      "xau-usd",
      "kraken",
    ])
      expect([query, await names(query)]).toEqual([query, ["gold-price"]]);
    for (const query of ["d", "o", "silver", "gold silver", "ri"])
      expect([query, await names(query)]).toEqual([query, []]);
  });

  it("among equals is what others build on, then what was released last", async () => {
    const feed = (name: string, position: number) =>
      release({ name, position, description: "electricity" });
    await put(feed("a-one", 1), feed("b-two", 2), feed("c-three", 3));
    expect(await names("electricity")).toEqual(["c-three", "b-two", "a-one"]);
    const caller = (name: string, position: number, publisher: string) =>
      release({ name, position, publisher: `sha256:${publisher.repeat(64)}`, calls: ["a-one"] });
    await put(caller("user-one", 4, "1"), caller("user-two", 5, "2"));
    expect(await names("electricity")).toEqual(["a-one", "c-three", "b-two"]);
    expect((await index.search({ query: "a-one" })).packages[0]).toMatchObject({ dependents: 2 });
  });

  it("counts a publisher once, never the package's own, and nobody who stopped calling", async () => {
    await put(release({ name: "base", position: 1 }));
    const other = `sha256:${"1".repeat(64)}`;
    const dependents = async () => (await index.search({ query: "base" })).packages[0]?.dependents;
    await put(release({ name: "mine", position: 2, calls: ["base"] }));
    expect(await dependents()).toBe(0);
    await put(
      release({ name: "one", position: 3, publisher: other, calls: ["base"] }),
      release({ name: "two", position: 4, publisher: other, calls: ["base"] }),
    );
    expect(await dependents()).toBe(1);
    await put(
      release({ name: "one", position: 5, publisher: other }),
      release({ name: "two", position: 4, publisher: other, calls: ["base"], state: "revoked" }),
    );
    expect(await dependents()).toBe(0);
  });
});

describe("deprecated and revoked", () => {
  const old = release({
    name: "gold-old",
    position: 9,
    state: "deprecated",
    reason: "use gold-price",
  });
  const bad = release({ name: "gold-bad", position: 10, state: "revoked", reason: "key stolen" });

  it("come last, and not at all unless asked for", async () => {
    await put(gold, old, bad);
    expect(await names("gold")).toEqual(["gold-price", "gold-old"]);
    expect(await names("")).toEqual(["gold-price", "gold-old"]);
    expect(await names("gold-old")).toEqual(["gold-old"]);
    expect(await names("gold-bad")).toEqual([]);
    expect(await names("gold", { revoked: true })).toEqual(["gold-bad", "gold-price", "gold-old"]);
    expect(await names("is:revoked")).toEqual(["gold-bad"]);
    expect(await names("gold is:deprecated")).toEqual(["gold-old"]);
    expect((await index.search({ query: "gold-old" })).packages[0]).toMatchObject({
      state: "deprecated",
      reason: "use gold-price",
      match: "name",
    });
  });

  it("leave an older version that stands in their place", async () => {
    const version = (text: string, position: number, state: IndexedRelease["state"]) =>
      release({ name: "silver", version: text, position, state });
    await put([version("1.0.0", 1, "published"), version("1.1.0", 2, "revoked")]);
    expect((await index.search({ query: "silver" })).packages).toMatchObject([
      { version: "1.0.0", versions: 2, state: "published" },
    ]);
    await put([version("1.0.0", 1, "published"), version("2.0.0-beta.1", 3, "published")]);
    expect((await index.search({ query: "silver" })).packages).toMatchObject([
      { version: "1.0.0", versions: 2 },
    ]);
    await put([version("1.9.0", 1, "published"), version("1.10.0", 3, "published")]);
    expect((await index.search({ query: "silver" })).packages).toMatchObject([
      { version: "1.10.0" },
    ]);
  });
});

describe("filters", () => {
  beforeEach(() =>
    put(
      gold,
      release({
        name: "vault-watch",
        position: 2,
        publisher: `sha256:${"cd".repeat(32)}`,
        publisherName: "Vault & Söhne",
        licence: "(MIT OR GPL-3.0-only) AND BSD-3-Clause",
        lane: "wasm",
        language: "rust",
        capabilities: ["chain", "state", "call"],
        chains: ["ethereum", "1"],
        calls: ["gold-price"],
        hosts: [],
        feeds: [{ id: "reserves", kind: "record", description: "Reserves." }],
      }),
    ),
  );

  it.each([
    ["feed:xau-usd", "gold-price"],
    ["feed:xau-*", "gold-price"],
    ["host:api.kraken.com", "gold-price"],
    ["host:kraken.com", "gold-price"],
    ["host:*.prices.swissquote.com", "gold-price"],
    ["host:swissquote.com", "gold-price"],
    ["capability:http", "gold-price"],
    ["capability:chain", "vault-watch"],
    ["chain:1", "vault-watch"],
    ["chains:ethereum", "vault-watch"],
    ["calls:gold-price", "vault-watch"],
    ["publisher:acme-metals", "gold-price"],
    [`publisher:sha256:${"cd".repeat(32)}`, "vault-watch"],
    ["publisher:sha256:cdcd*", "vault-watch"],
    ["publisher:vault-sohne", "vault-watch"],
    ["licence:apache-2.0", "gold-price"],
    ["license:MIT", "vault-watch"],
    ["licence:BSD-3-Clause", "vault-watch"],
    ["lane:wasm", "vault-watch"],
    ["language:rust", "vault-watch"],
    ["kind:record", "vault-watch"],
    ["capability:chain capability:state", "vault-watch"],
    ["reserves chain:1", "vault-watch"],
  ])("%s finds %s alone", async (query, name) => {
    expect(await names(query)).toEqual([name]);
  });

  it.each([
    "host:com",
    "host:raken.com",
    "host:api.kraken",
    "feed:xau",
    "capability:http capability:chain",
    "gold lane:wasm",
    "licence:or",
    "publisher:sha256:cdcd",
  ])("%s finds nothing", async (query) => {
    expect(await names(query)).toEqual([]);
  });
});

describe("typing errors", () => {
  beforeEach(() =>
    put(
      release({ name: "electricity-price", position: 1, description: "Day-ahead market." }),
      release({ name: "goldprice", position: 2 }),
      release({ name: "weather-station", position: 3 }),
    ),
  );

  it.each([
    ["electrcity", "electricity-price"],
    ["elektricity price", "electricity-price"],
    ["eletcricity", "electricity-price"],
    ["electricity pirce", "electricity-price"],
    ["goldprcie", "goldprice"],
    ["wheather", "weather-station"],
    ["electricitiprice", "electricity-price"],
    ["marcet", "electricity-price"],
  ])("%s finds %s and says so", async (query, name) => {
    const page = await index.search({ query });
    expect(page.packages.map((found) => [found.name, found.match])).toEqual([[name, "similar"]]);
    expect(page.corrections.length).toBeGreaterThan(0);
  });

  it("are not looked for where the words are there", async () => {
    await put(release({ name: "electrcity", position: 4 }));
    const page = await index.search({ query: "electrcity", limit: 1 });
    expect(page.packages.map(({ name }) => name)).toEqual(["electrcity"]);
    expect(page.corrections).toEqual([]);
  });

  it.each(["bold", "zzzzzz", "1234567", "wea"])(
    "%s is not taken for something else",
    async (query) => {
      expect(
        (await index.search({ query })).packages.filter(({ match }) => match === "similar"),
      ).toEqual([]);
    },
  );
});

describe("pages", () => {
  it("give every package once, in one order, whatever their size", async () => {
    await put(
      ...Array.from({ length: 40 }, (_, at) =>
        release({
          name: `${at % 3 === 0 ? "wind" : "park"}-${at}`,
          position: at + 1,
          description: at % 4 === 0 ? "wind of the north" : "windmill",
          state: at % 7 === 0 ? "deprecated" : "published",
        }),
      ),
    );
    const whole = await names("wind", { limit: 100 });
    expect(new Set(whole).size).toBe(40);
    for (const limit of [1, 3, 7, 39, 40]) {
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const page = await index.search({ query: "wind", limit, cursor });
        expect(page.packages.length).toBeLessThanOrEqual(limit);
        seen.push(...page.packages.map(({ name }) => name));
        cursor = page.next;
      } while (cursor !== null);
      expect(seen).toEqual(whole);
    }
  });

  it("refuse a cursor of another question and one that nobody gave", async () => {
    await put(...["a1", "a2", "a3"].map((name, at) => release({ name, position: at })));
    const { next } = await index.search({ query: "", limit: 1 });
    for (const cursor of [next ?? "", "", "e30", "%%%", "A".repeat(10_000)])
      await expect(index.search({ query: "lane:js", cursor })).rejects.toMatchObject({
        code: "REGISTRY_CURSOR_INVALID",
      });
  });
});

describe("the index", () => {
  it("replaces what it knew of a package, and forgets words that are gone", async () => {
    await put(release({ name: "thing", position: 1, description: "copper" }));
    await put(release({ name: "thing", position: 2, version: "1.1.0", description: "zinc" }));
    expect(await names("copper")).toEqual([]);
    expect(await names("zinc")).toEqual(["thing"]);
    expect(await names("")).toEqual(["thing"]);
  });

  it("keeps its cursor with what it says, and nothing after clear", async () => {
    expect(await index.cursor()).toBeNull();
    await index.put([[gold]], { origin: "r", size: 7, root: "ab" });
    expect(await index.cursor()).toEqual({ origin: "r", size: 7, root: "ab" });
    await index.clear();
    expect(await index.cursor()).toBeNull();
    expect(await names("")).toEqual([]);
    await put(gold);
    expect(await names("gold")).toEqual(["gold-price"]);
  });

  it("keeps nothing of a change that fails", async () => {
    await put(gold);
    const broken = release({ name: "silver", position: 1 });
    // The same place as gold-price: the database refuses the second.
    await expect(put(release({ name: "platinum", position: 2 }), broken)).rejects.toMatchObject({
      code: "STORE_CONFLICT",
    });
    expect(await names("")).toEqual(["gold-price"]);
    expect(await names("platinum")).toEqual([]);
    expect(await names("plattinum")).toEqual([]);
    await put(release({ name: "platinum", position: 2 }));
    expect(await names("plattinum")).toEqual(["platinum"]);
  });
});
