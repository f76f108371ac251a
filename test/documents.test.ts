import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

import { temporaryFolder } from "./support/temporary-folder.ts";

/** `node scripts/check-links.mjs`, as `npm run check` runs it. */
const checkLinks = (folder: string): { status: number | null; faults: readonly string[] } => {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/check-links.mjs", folder], {
    encoding: "utf8",
  });
  return { status, faults: stderr.trim().split("\n").slice(0, -1) };
};

/** A repository of Markdown files, all of which stand in its navigation unless `pages` says otherwise. */
const repositoryWith = (files: Readonly<Record<string, string>>, pages?: readonly string[]) => {
  const folder = temporaryFolder();
  const listed = pages ?? Object.keys(files).map((file) => `/${file.replace(/\.md$/, "")}`);
  const items = listed.map((link) => ({ link }));
  mkdirSync(path.join(folder, "docs/.vitepress"), { recursive: true });
  writeFileSync(
    path.join(folder, "docs/.vitepress/navigation.mjs"),
    `export const navigation = ${JSON.stringify({ "/": [{ text: "All", items }] })};`,
  );
  for (const [file, text] of Object.entries(files)) {
    const target = path.join(folder, "docs", file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
  return folder;
};

describe("the documents", () => {
  it("link only to what is there, and each page stands in the navigation", () => {
    expect(checkLinks(".")).toEqual({ status: 0, faults: [] });
  });

  it("passes files, headings as GitHub names them, images, folders and addresses", () => {
    const folder = repositoryWith({
      "a.md": [
        "# 3. The `code` of [it](b.md)",
        "## Twice",
        "## Twice",
        "[a](#3-the-code-of-it) [b](how-to/b.md#übrig) ![c](how-to/b.md) [d](how-to) [e](#twice-1)",
        "[f](https://example.com/a_(b)) <https://example.com> [g](http://127.0.0.1:8600/live)",
        "[h]: how-to/b.md",
        "```md",
        "[not a link](nowhere.md)",
        "```",
        "`[nor this](nowhere.md)`",
      ].join("\n"),
      "b.md": "# B",
      "how-to/b.md": "# Übrig",
    });
    expect(checkLinks(folder)).toEqual({ status: 0, faults: [] });
  });

  it.each([
    ["a file that is not there", "[a](b.md)", "no such file"],
    ["a heading that is not there", "[a](#nowhere)", "no such heading"],
    ["a heading inside code", "[a](#code)\n```sh\n# code\n```", "no such heading"],
    ["a page of the site", "[a](/b)", "no such page"],
    ["an image", "![a](b.svg)", "no such file"],
    ["a definition", "[a]: b.md", "no such file"],
    ["nothing", "[a]()", "leads nowhere"],
    ["plain HTTP", "[a](http://example.com)", "not over TLS"],
    ["a script", "[a](javascript:alert)", "not over TLS"],
    ["no address", "[a](https://exa mple.com)", "no address"],
  ])("refuses a link to %s", (_, text, fault) => {
    const { status, faults } = checkLinks(repositoryWith({ "page.md": `# Page\n\n${text}\n` }));
    expect(status).toBe(1);
    expect(faults).toEqual([expect.stringMatching(new RegExp(`^docs/page\\.md:3 .*${fault}`))]);
  });

  it("refuses a page that no way leads to, a way without a page, and two ways", () => {
    const files = { "a.md": "# A", "b.md": "# B", "decisions/0001-x.md": "# X", "index.md": "# I" };
    const { status, faults } = checkLinks(repositoryWith(files, ["/a", "/a", "/c"]));
    expect(status).toBe(1);
    expect(faults).toHaveLength(3);
    expect(faults.join("\n")).toMatch(/docs\/b\.md[^]*\/c: no such page[^]*\/a: stands twice/);
  });

  it("print the HTTP API with every route of its description", () => {
    const { paths } = JSON.parse(readFileSync("docs/openapi.json", "utf8")) as {
      paths: Record<string, Record<string, unknown>>;
    };
    const routes = Object.entries(paths).flatMap(([route, methods]) =>
      Object.keys(methods).map((method) => `### \`${method.toUpperCase()} ${route}\``),
    );
    const printed = readFileSync("docs/http-api.md", "utf8").match(/^### .*$/gm) ?? [];
    expect(printed.toSorted()).toEqual(routes.toSorted());
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
