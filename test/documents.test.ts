import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

const documents = [
  ...readdirSync(".").filter((name) => name.endsWith(".md")),
  ...readdirSync("docs", { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => path.join("docs", name)),
];

/** Headings as the usual renderers name them. */
const anchorsOf = (file: string): Set<string> =>
  new Set(
    [...readFileSync(file, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );

describe("the documents", () => {
  it("are there", () => {
    expect(documents).toEqual(expect.arrayContaining(["README.md", path.join("docs", "host.md")]));
  });

  it.each(documents)("%s has links that lead somewhere", (file) => {
    const text = readFileSync(file, "utf8").replaceAll(/^```[\s\S]*?^```$/gm, "");
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [name = "", anchor] = target.split("#");
      const found = name === "" ? file : path.join(path.dirname(file), name);
      expect(existsSync(found), `${file} -> ${target}`).toBe(true);
      if (anchor !== undefined) expect([...anchorsOf(found)], target).toContain(anchor);
    }
  });

  it("CONTRIBUTING names only files, folders and scripts that exist", () => {
    const text = readFileSync("CONTRIBUTING.md", "utf8");
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as {
      scripts: Record<string, string>;
    };
    const named = [
      ...text.matchAll(
        /`((?:src|test|docs|cryptlets|contracts|enclave-sim|bench|scripts)\/[^`<\s]*)/g,
      ),
    ];
    expect(named.length).toBeGreaterThan(10);
    for (const [, file = ""] of named) expect(existsSync(file), file).toBe(true);
    for (const [, script = ""] of text.matchAll(/npm run ([a-z:]+)/g))
      expect(Object.keys(scripts)).toContain(script);
  });
});
