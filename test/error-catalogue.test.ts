import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { errorCatalogue } from "../src/core/errors/catalogue.ts";

const root = path.dirname(import.meta.dirname);
const CATALOGUE = path.join("src", "core", "errors", "catalogue");

const sources = ["src", "enclave-sim", "cryptlets"].flatMap((folder) =>
  readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /(?<!\.test)\.ts$/.test(entry.name))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .filter((file) => !file.startsWith(CATALOGUE))
    .map((file) => ({ file, text: readFileSync(path.join(root, file), "utf8") })),
);
const COMMENT = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;
const code = sources.map(({ text }) => text.replaceAll(COMMENT, "")).join("\n");

describe("the catalogue of errors", () => {
  it("was held against the sources", () => {
    expect(sources.length).toBeGreaterThan(200);
  });

  // That a thrown code is in the catalogue is what the compiler holds.
  it.each(Object.keys(errorCatalogue))("%s is thrown somewhere", (name) => {
    expect(new RegExp(`["']${name}["']|\\b${name}:`).test(code)).toBe(true);
  });

  it("has every code that a comment promises", () => {
    const promised = sources.flatMap(({ file, text }) =>
      [...text.matchAll(COMMENT)].flatMap(([comment]) =>
        [...comment.matchAll(/(?:Throws|Rejects with|Refuses with)([^.]*)/g)].flatMap(
          ([, said = ""]) =>
            [...said.matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`/g)].map(([, name = ""]) => ({
              file,
              name,
            })),
        ),
      ),
    );
    expect(promised.length).toBeGreaterThan(50);
    expect(promised.filter(({ name }) => !Object.hasOwn(errorCatalogue, name))).toEqual([]);
  });
});
