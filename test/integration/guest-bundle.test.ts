import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { buildPackage, type BuiltPackage } from "../../enclave-sim/host/build-package.ts";
import { errorCatalogue } from "../../src/core/errors/catalogue.ts";
import { guestErrors } from "../../src/core/errors/guest-errors.ts";

const root = path.join(import.meta.dirname, "../..");
const names = readdirSync(path.join(root, "cryptlets")).filter((name) =>
  existsSync(path.join(root, "cryptlets", name, "cryptlet.json")),
);
const textOf = ({ bundle }: BuiltPackage) => new TextDecoder().decode(bundle);
/** Sources that went into a bundle, as the map beside it names them. */
const sourcesOf = ({ sourceMap }: BuiltPackage): readonly string[] =>
  (JSON.parse(new TextDecoder().decode(sourceMap ?? new Uint8Array())) as { sources: string[] })
    .sources;

// A bundle is measured, and its keys are sealed to the measurement: whatever is in it that the Cryptlet does not need
// gives every Cryptlet a new key when it changes.
describe.each(names)("the bundle of %s", (name) => {
  const built = buildPackage(path.join(root, "cryptlets", name));

  it("holds no message and no hint of the catalogue", async () => {
    const text = textOf(await built);
    const found = Object.values(errorCatalogue).flatMap(({ message, hint }) =>
      [hint, message.split(/\{\w+\}/).toSorted((a, b) => b.length - a.length)[0] ?? ""].filter(
        (part) => part.length > 12 && text.includes(part),
      ),
    );
    expect(found).toEqual([]);
  });

  it("names no code that a guest cannot end with", async () => {
    const quoted = new Set(
      [...textOf(await built).matchAll(/["']([A-Z][A-Z0-9_]+)["']/g)].map(([, code]) => code ?? ""),
    );
    const named = Object.keys(errorCatalogue).filter((code) => quoted.has(code));
    expect(named.filter((code) => !Object.hasOwn(guestErrors, code))).toEqual([]);
    // Otherwise the pattern found nothing at all.
    expect(named).toContain("SOURCE_SHAPE");
  });

  it("is made of the Cryptlet, the SDK and decimal arithmetic", async () => {
    const folders = sourcesOf(await built).map((source) => source.replaceAll("../", ""));
    const foreign = folders.filter(
      (source) =>
        !/^(?:cryptlet-fabric\/sdk\/|cryptlet-fabric\/core\/decimal\.ts$|src\/|cryptlet\.json$|entry\.js$)/.test(
          source,
        ),
    );
    expect(foreign).toEqual([]);
    expect(folders.filter((source) => /core\/errors|node_modules|zod/.test(source))).toEqual([]);
  });
});

describe("what runs behind the outer wall", () => {
  const folder = path.join(root, "dist/enclave-sim/wall");
  const files = readdirSync(path.join(folder, "inside")).filter((name) => name.endsWith(".js"));
  const packages = files.flatMap((name) =>
    [
      ...readFileSync(path.join(folder, "inside", name), "utf8").matchAll(
        /^\/\/ (?:\.\.\/)*node_modules\/((?:@[^/]+\/)?[^/]+)/gm,
      ),
    ].map(([, found]) => found ?? ""),
  );

  it("is the engines' own code: a library more costs memory in every thread", () => {
    expect([...new Set(packages)].toSorted()).toEqual([
      "@noble/curves",
      "@noble/hashes",
      "quickjs-wasi",
    ]);
  });

  it("has the licences of what was copied into it beside it", () => {
    const text = readFileSync(path.join(folder, "LICENSES.txt"), "utf8");
    for (const name of new Set(packages)) expect(text).toMatch(new RegExp(`^${name} \\d`, "m"));
  });
});
