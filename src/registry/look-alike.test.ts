import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import path from "node:path";
import { codeOf } from "../../test/support/code-of.ts";
import { failureOf } from "../../test/support/failure-of.ts";
import { publishTiny, tinyPackage } from "../../test/support/release-fixture.ts";
import { temporaryFolder } from "../../test/support/temporary-folder.ts";
import { checkDisplayText, lookSkeleton } from "./display-text.ts";
import { nameSkeleton } from "./look-alike.ts";
import {
  makeFolderRegistry,
  openFolderRegistry,
  type FolderRegistry,
} from "./open-folder-registry.ts";

describe("what a text looks like", () => {
  it("is the same for letters that the eye takes for one another (UTS 39)", () => {
    for (const [real, fake] of [
      ["Acme Data", "Αcme Dаta"],
      ["paypal", "раураl"],
      ["Kraken", "Ќraken"],
      ["GOLD", "ＧＯＬＤ"],
      ["Acme Data", "acme-data"],
      ["modern", "rnodern"],
    ])
      expect(lookSkeleton(fake ?? "")).toBe(lookSkeleton(real ?? ""));
    expect(lookSkeleton("Acme")).not.toBe(lookSkeleton("Acne"));
  });

  it("does not change when it is taken again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 30 }), (text) => {
        expect(lookSkeleton(lookSkeleton(text))).toBe(lookSkeleton(text));
      }),
    );
  });

  it("is refused where part of it does not show", () => {
    for (const text of [
      "a\u200bb",
      "a\u202eb",
      "a\u0000b",
      "a\u2066b",
      "\ufeffa",
      "a\u00adb",
      "a\nb",
      "\u3164",
      "  ",
      `z${"\u0301".repeat(9)}`,
      "\ud800",
    ])
      expect(codeOf(() => checkDisplayText("a text", text))).toBe("DISPLAY_TEXT_REFUSED");
    for (const text of [
      "Gold in US dollars",
      "Złoto w dolarach",
      "黄金价格",
      "ราคาทอง",
      "Größe: 5 €",
    ])
      expect(codeOf(() => checkDisplayText("a text", text))).toBe("none");
  });

  it("is, for names, the same for digits as letters and for rn as m", () => {
    for (const [a, b] of [
      ["gold-price", "g0ld-price"],
      ["silver", "si1ver"],
      ["modern-feed", "rnodern-feed"],
      ["gold-price", "goldprice"],
      ["weather", "vveather"],
      ["usd-index", "u5d-lndex"],
    ])
      expect(nameSkeleton(b ?? "")).toBe(nameSkeleton(a ?? ""));
    expect(nameSkeleton("gold-price")).not.toBe(nameSkeleton("gold-prize"));
  });
});

describe("a new name beside another publisher's", () => {
  let registry: FolderRegistry;
  let folder: string;
  beforeEach(async () => {
    folder = path.join(temporaryFolder(), "registry");
    await makeFolderRegistry(folder);
    registry = await openFolderRegistry(folder);
    await publishTiny(registry, tinyPackage());
  });
  const stranger = (id: string, seed = 2) =>
    failureOf(() => publishTiny(registry, tinyPackage({ id }), { seed }));
  const popular = async () => {
    for (const version of ["1.0.1", "1.0.2"]) await publishTiny(registry, tinyPackage({ version }));
  };

  it.each(["g0ld-price", "gold-pr1ce", "goldprice", "price-gold", "go-ld-price"])(
    "%s is refused",
    async (id) => {
      expect(await stranger(id)).toMatchObject({
        code: "NAME_LOOKS_ALIKE",
        arguments: { other: "gold-price" },
      });
    },
  );

  it("is refused near a popular name, and not near one that nobody knows", async () => {
    expect(await stranger("gold-prize")).toMatchObject({ code: "none" });
    await popular();
    for (const id of ["gold-prise", "gold-prcie", "gold-prices", "glod-price"])
      expect(await stranger(id)).toMatchObject({ code: "NAME_LOOKS_ALIKE" });
    for (const id of ["silver-price", "gold-volume", "xau-usd"])
      expect(await stranger(id)).toMatchObject({ code: "none" });
  });

  it("may look like a name of one's own", async () => {
    await popular();
    expect(await stranger("gold-prices", 1)).toMatchObject({ code: "none" });
    expect(await stranger("price-gold", 1)).toMatchObject({ code: "none" });
  });

  it("is let through by whoever operates the registry, and kept from names that he protects", async () => {
    const allowed = await openFolderRegistry(folder, { rules: { allowedNames: ["price-gold"] } });
    const published = await publishTiny(allowed, tinyPackage({ id: "price-gold" }), { seed: 2 });
    expect(published.repeated).toBe(false);
    const guarded = await openFolderRegistry(folder, { rules: { popularNames: ["kraken-feed"] } });
    const near = () => publishTiny(guarded, tinyPackage({ id: "krakem-feed" }), { seed: 2 });
    expect(await failureOf(near)).toMatchObject({ code: "NAME_LOOKS_ALIKE" });
  });

  it("is signed by a publisher that shows itself as nobody else does", async () => {
    const second = (displayName: string, seed: number) =>
      failureOf(() =>
        publishTiny(registry, tinyPackage({ id: `feed-${seed}` }), { seed, displayName }),
      );
    expect(await second("Publіsher B", 2)).toMatchObject({ code: "NAME_LOOKS_ALIKE" });
    expect(await second("publisher-b", 3)).toMatchObject({ code: "NAME_LOOKS_ALIKE" });
    expect(await second("Acme\u202e", 4)).toMatchObject({ code: "DISPLAY_TEXT_REFUSED" });
    expect(await second("---", 5)).toMatchObject({ code: "DISPLAY_TEXT_REFUSED" });
    expect(await second("Another", 6)).toMatchObject({ code: "none" });
  });
});
