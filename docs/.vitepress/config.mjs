import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { defineConfig } from "vitepress";

import { slug } from "../../scripts/site/slug.mjs";
import { createFileLinks } from "./file-links.mjs";
import { navigation } from "./navigation.mjs";

const decisionsFolder = path.resolve(import.meta.dirname, "../decisions");

/** The decisions in their order, by the headings of their files. */
const decisions = readdirSync(decisionsFolder)
  .filter((file) => /^\d{4}-.*\.md$/.test(file))
  .toSorted()
  .map((file) => ({
    text: /^# (.+)$/m.exec(readFileSync(path.join(decisionsFolder, file), "utf8"))?.[1] ?? file,
    link: `/decisions/${file.replace(/\.md$/, "")}`,
  }));

const files = createFileLinks();

/** Text that Vue would take for a template. */
const hideBraces = (md) => {
  for (const name of ["text", "code_inline"]) {
    const inner = md.renderer.rules[name];
    md.renderer.rules[name] = (...given) => inner(...given).replaceAll("{{", "&#123;&#123;");
  }
};

export default defineConfig({
  title: "Cryptlet Fabric",
  description: "Facts from the outside world on any chain, every step checkable.",
  lang: "en",
  outDir: "../dist/site",
  cacheDir: "../.cache/vitepress",
  cleanUrls: true,
  markdown: {
    // Texts that are printed from the code hold <names>; a page has no other HTML.
    html: false,
    linkify: false,
    anchor: { slugify: slug },
    config: (md) => {
      hideBraces(md);
      files.markdown(md);
    },
  },
  vite: { plugins: [files.plugin] },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      { text: "Tutorial", link: "/tutorial" },
      { text: "Commands", link: "/cli" },
      { text: "Trust", link: "/trust" },
    ],
    sidebar: {
      "/decisions/": [{ text: "Decisions", items: decisions }],
      ...navigation,
    },
  },
  buildEnd: ({ outDir }) => files.write(outDir),
});
