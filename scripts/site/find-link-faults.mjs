import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { slug } from "./slug.mjs";

const FENCE = /^( *)(`{3,}|~{3,})[^\n]*\n[\s\S]*?^\1\2[`~]*[ \t]*$/gm;
const INLINE_CODE = /(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g;

/** The same text with as many line ends, so that a place in it is a place in the file. */
const blank = (text) => text.replaceAll(/[^\n]/g, " ");

/** Headings of a page as anchors; the second of a name gets `-1`, as GitHub and the site do it. */
const anchorsOf = (text) => {
  const anchors = new Set();
  const counts = new Map();
  for (const [, heading] of text.replaceAll(FENCE, blank).matchAll(/^#{1,6} +(.+?) *#* *$/gm)) {
    const words = heading.replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll("`", "");
    const name = slug(words);
    const times = counts.get(name) ?? 0;
    counts.set(name, times + 1);
    anchors.add(times === 0 ? name : `${name}-${times}`);
  }
  return anchors;
};

/** Every link of a page: `[text](target)`, `![text](target)`, `[text]: target`, `<https://…>`. Code is none. */
const linksOf = (text) => {
  const prose = text.replaceAll(FENCE, blank).replaceAll(INLINE_CODE, blank);
  const lineOf = (index) => prose.slice(0, index).split("\n").length;
  const forms = [
    /\]\(\s*<?([^)>]*?)>?(?:\s+"[^"]*")?\s*\)/g,
    /^ {0,3}\[[^\]^]+\]:\s+<?(\S+?)>?\s*$/gm,
    /<(https?:[^>]*)>/g,
  ];
  return forms.flatMap((form) =>
    [...prose.matchAll(form)].map((match) => ({ target: match[1], line: lineOf(match.index) })),
  );
};

const LOCAL = /^(localhost|127\.0\.0\.1|\[::1\])$/;

/** What is wrong with an address outside of the repository, by its form alone: nothing is fetched. */
const externalFault = (target) => {
  if (!URL.canParse(target) || /\s/.test(target)) return "no address";
  const { protocol, hostname } = new URL(target);
  if (protocol === "mailto:" || protocol === "https:") return null;
  return protocol === "http:" && LOCAL.test(hostname) ? null : `not over TLS (${protocol})`;
};

const internalFault = (file, target) => {
  if (target === "") return "leads nowhere";
  const [name, anchor] = target.split("#");
  const found = name === "" ? file : path.join(path.dirname(file), decodeURI(name));
  if (!existsSync(found)) return "no such file";
  if (anchor === undefined) return null;
  return found.endsWith(".md") && anchorsOf(readFileSync(found, "utf8")).has(anchor)
    ? null
    : "no such heading";
};

/** Faults of the links of Markdown files: `{ file, line, target, fault }`. `pageRoot` is what a target from `/` counts from. */
export const findLinkFaults = (files, pageRoot) =>
  files.flatMap((file) =>
    linksOf(readFileSync(file, "utf8")).flatMap(({ target, line }) => {
      const from = target.startsWith("/") ? path.join(pageRoot, target) : null;
      const fault = /^[a-z][a-z0-9+.-]*:/i.test(target)
        ? externalFault(target)
        : from === null
          ? internalFault(file, target)
          : existsSync(from) || existsSync(`${from}.md`)
            ? null
            : "no such page";
      return fault === null ? [] : [{ file, line, target, fault }];
    }),
  );
