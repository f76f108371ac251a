import { defineCommand } from "../command.ts";

export const search = defineCommand({
  name: "search",
  group: "Publish",
  summary: "Find packages in a registry",
  description:
    "Finds packages by words and filters, the best first: the name, names that begin so, feeds and data providers, " +
    "descriptions; then what others build on and what is newest. The last word may be half typed, and a slip is " +
    "forgiven. Filters are feed: kind: capability: host: chain: calls: publisher: licence: lane: language: is:, all of " +
    "which must hold; a * behind two letters or more asks for a beginning. Deprecated packages come last, revoked ones " +
    "with --revoked. Without words it lists everything. The registry is --registry, CRYPTLET_REGISTRY, or that of the " +
    "host at --url; the token of a registry elsewhere is CRYPTLET_REGISTRY_TOKEN.",
  arguments: [{ name: "words", help: "Words and filters.", optional: true, rest: true }],
  options: {
    registry: { kind: "text", value: "FOLDER|URL", help: "registry to search" },
    limit: {
      kind: "integer",
      value: "NUMBER",
      help: "packages of one page",
      minimum: 1,
      maximum: 100,
      default: 20,
    },
    cursor: { kind: "text", value: "TEXT", help: "the next page, as the one before names it" },
    revoked: { kind: "flag", help: "show packages that were revoked too" },
  },
  examples: [
    { command: "cryptlet search gold price --registry registry", says: "By words, in a folder." },
    {
      command: "cryptlet search feed:xau-* host:kraken.com licence:MIT --json",
      says: "By what it publishes, where it reads and how it may be used.",
    },
  ],
  exits: { 3: "there is no registry", 5: "nothing answers", 14: "the registry is damaged" },
  run: async ({ args, options, global, output, env, signal }) => {
    const { openSearch } = await import("../../registry/search/open-search.ts");
    const { registryLocation } = await import("../registry/registry-location.ts");
    const { formatSearch } = await import("../registry/search-text.ts");
    const { source, token } = registryLocation(options.registry, { global, env });
    const progress = output.progress("Searching");
    try {
      const registry = await openSearch(source, { token, signal });
      try {
        const { limit, cursor = null, revoked } = options;
        const page = await registry.search({ query: args.words ?? "", limit, cursor, revoked });
        progress.stop();
        return { data: page, text: formatSearch(page, output.style) };
      } finally {
        await registry.close();
      }
    } finally {
      progress.stop();
    }
  },
});
