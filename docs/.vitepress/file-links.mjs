import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";

/** Folder of the repository. */
const root = path.resolve(import.meta.dirname, "../..");
const docs = path.join(root, "docs");
const PREFIX = "/files/";

/** The path inside the repository that a page's link leads to, where that is no page of the site; else null. */
const fileTarget = (page, href) => {
  if (/^[a-z]+:|^#|^\//i.test(href)) return null;
  const target = path.resolve(path.dirname(path.join(docs, page)), href.split("#")[0]);
  const isPage = target.endsWith(".md") && !path.relative(docs, target).startsWith("..");
  return isPage ? null : path.relative(root, target);
};

/** The text of a file, or the list of a folder's files. */
const textOf = (target) => {
  const from = path.join(root, target);
  if (statSync(from).isFile()) return readFileSync(from, "utf8");
  return readdirSync(from, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .toSorted()
    .map((file) => `${file}\n`)
    .join("");
};

/**
 * Links from a page to sources, tests and schemas: the site holds a copy of each, so that none needs the network. What a
 * browser would not show gets the ending `.txt`.
 */
export const createFileLinks = () => {
  /** Address on the site -> path in the repository. */
  const found = new Map();
  return {
    /** For `markdown.config`: such links lead to the copies. */
    markdown: (md) => {
      const { link_open: inner } = md.renderer.rules;
      md.renderer.rules.link_open = (tokens, index, options, env, self) => {
        const token = tokens[index];
        const target = fileTarget(env.relativePath ?? "", token.attrGet("href") ?? "");
        if (target === null) return inner(tokens, index, options, env, self);
        const address = PREFIX + target + (target.endsWith(".json") ? "" : ".txt");
        found.set(address, target);
        token.attrSet("href", address);
        // The site's router knows pages only.
        token.attrSet("target", "_blank");
        return self.renderToken(tokens, index, options);
      };
    },
    /** For `buildEnd`: writes the copies into the built site. */
    write: (outDir) => {
      for (const [address, target] of found) {
        const to = path.join(outDir, address);
        mkdirSync(path.dirname(to), { recursive: true });
        if (target.endsWith(".json")) copyFileSync(path.join(root, target), to);
        else writeFileSync(to, textOf(target));
      }
    },
    /** For `vite.plugins`: what `--serve` shows comes from no built site. */
    plugin: {
      name: "file-links",
      configureServer: (server) => {
        server.middlewares.use((request, response, next) => {
          const target = found.get(request.url);
          if (target === undefined) return next();
          response.setHeader("content-type", "text/plain; charset=utf-8");
          response.end(textOf(target));
        });
      },
    },
  };
};
