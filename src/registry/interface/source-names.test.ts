import fc from "fast-check";
import { expect, it } from "vitest";
import { manifestSchema } from "../../sdk/manifest.ts";
import { camel, createSourceNames } from "./source-names.ts";

const slug = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,6}[a-z0-9])?$/);
const manifestOf = (id: string, feeds: readonly string[]) =>
  manifestSchema.parse({
    id,
    version: "1.0.0",
    description: "x",
    feeds: feeds.map((feed) => ({
      id: feed,
      kind: "decimal",
      decimals: 2,
      unit: "EUR/MWh",
      description: "x",
      minSources: 1,
    })),
  });

it("joins Cryptlet and feed", () => {
  const manifest = manifestOf("gold-price", ["xau-usd"]);
  const names = createSourceNames(manifest);
  expect(manifest.feeds.map(names.ofFeed)).toEqual(["GoldPriceXauUsd"]);
  expect(camel(names.cryptlet)).toBe("goldPrice");
});

it("gives every feed an identifier of its own, beside the ones every header has", () => {
  fc.assert(
    fc.property(slug, fc.uniqueArray(slug, { minLength: 1, maxLength: 8 }), (id, feeds) => {
      const manifest = manifestOf(id, [...new Set([...feeds, "feed", "receiver", "a-1", "a1"])]);
      const names = createSourceNames(manifest);
      const all = [
        `${names.cryptlet}Feed`,
        `${names.cryptlet}Receiver`,
        ...manifest.feeds.map(names.ofFeed),
      ];
      expect(new Set(all.map((name) => name.toLowerCase())).size).toBe(all.length);
      for (const name of all) expect(name).toMatch(/^[A-Z][A-Za-z0-9_]*$/);
    }),
  );
});
