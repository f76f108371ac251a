// `node scripts/check-links.mjs [folder]`: every link between Markdown files leads to a file and a heading that exist, every other
// address has a form that can be one, and every page of docs/ stands in the site's navigation once. Fetches nothing.
import { readdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { root as repository } from "./run.mjs";
import { findLinkFaults } from "./site/find-link-faults.mjs";
import { findLostPages } from "./site/find-lost-pages.mjs";

const root = path.resolve(process.argv[2] ?? repository);
const docs = path.join(root, "docs");
const where = "docs/.vitepress/navigation.mjs";
const { navigation } = await import(pathToFileURL(path.join(root, where)).href);
const markdownIn = (folder, recursive) =>
  readdirSync(folder, { recursive })
    .filter((file) => file.endsWith(".md"))
    .map((file) => path.join(folder, file));

const pages = markdownIn(docs, true);
const faults = findLinkFaults([...markdownIn(root, false), ...pages], docs).map(
  ({ file, line, target, fault }) => `${path.relative(root, file)}:${line}  ${target}: ${fault}`,
);
const listed = pages
  .map((file) => path.relative(docs, file))
  // The landing page is the root; decisions list themselves.
  .filter((file) => file !== "index.md" && !file.startsWith("decisions/"));
const { unlisted, missing, twice } = findLostPages(listed, navigation);
for (const page of unlisted) faults.push(`docs${page}.md  is not in ${where}`);
for (const link of missing) faults.push(`${where}  ${link}: no such page`);
for (const link of twice) faults.push(`${where}  ${link}: stands twice`);

for (const fault of faults) console.error(fault);
console.error(`${pages.length} pages, ${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);
