import { fabricError } from "../../core/errors/fabric-error.ts";
import { splitWords } from "./split-words.ts";

/** Longest question in characters, and most words and filters of one. */
export const MAX_QUERY = 256;
const MAX_WORDS = 8;
const MAX_FILTERS = 8;

/** What can be asked for beside words. `license` is read as `licence`, because half of all people write it so. */
export const FILTERS = [
  "feed",
  "kind",
  "capability",
  "host",
  "chain",
  "calls",
  "publisher",
  "licence",
  "lane",
  "language",
  "is",
] as const;
export type FilterName = (typeof FILTERS)[number];

/** `feed:xau-usd`, or `feed:xau-*` for everything that begins so. */
export interface Filter {
  readonly name: FilterName;
  /** Lower case. */
  readonly value: string;
  readonly prefix: boolean;
}

/** A question as it is asked of the index. */
export interface SearchQuery {
  /** The package's name, if that is what the words are. */
  readonly name: string;
  /** Words that must all be there; the last one may be half typed. */
  readonly words: readonly string[];
  readonly filters: readonly Filter[];
}

const ALIASES: Readonly<Record<string, FilterName>> = {
  license: "licence",
  capabilities: "capability",
  chains: "chain",
  feeds: "feed",
  hosts: "host",
};
/** A manifest's names of capabilities, which are lists, beside those of a release's statement. */
const PLURALS: Readonly<Record<string, string>> = {
  secrets: "secret",
  chains: "chain",
  calls: "call",
};
/** What follows `is:`. */
const STATES = ["published", "deprecated", "revoked"];
const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;
const VALUE = /^[a-z0-9][a-z0-9:._*/+@-]{0,127}$/;
/** Shortest beginning that a `*` may stand behind: one letter of 100,000 packages is no question. */
const MIN_PREFIX = 2;
/** Words that say nothing where others stand beside them. */
const FILLERS = new Set(
  "a an and at by for from in is of on or per that the this to with".split(" "),
);

const refuse = (reason: string) => fabricError("REGISTRY_QUERY_INVALID", { reason });

const isFilterName = (text: string): text is FilterName =>
  (FILTERS as readonly string[]).includes(text);

const readFilter = (key: string, given: string): Filter => {
  const name = ALIASES[key] ?? key;
  if (!isFilterName(name))
    throw refuse(
      `${key}: is no filter; there are ${FILTERS.map((filter) => `${filter}:`).join(" ")}`,
    );
  // A leading `*.` is how a manifest writes a wildcard host; what is asked for is the host behind it.
  const lower = given.toLowerCase().replace(/^\*\./, "");
  const text = name === "capability" ? (PLURALS[lower] ?? lower) : lower;
  const prefix = text.endsWith("*");
  const value = prefix ? text.slice(0, -1) : text;
  if (!VALUE.test(value) || value.includes("*"))
    throw refuse(`${key}: needs a value of letters, digits and . _ : / + @ -`);
  if (prefix && value.length < MIN_PREFIX)
    throw refuse(`${key}: needs at least ${MIN_PREFIX} characters before the *`);
  if (name === "is" && (prefix || !STATES.includes(value)))
    throw refuse(`is: takes ${STATES.join(", ")}`);
  return { name, value, prefix };
};

/**
 * Read a question as a person types it: words, and filters `name:value` in any order. Everything that it names must
 * hold. Throws `REGISTRY_QUERY_INVALID`.
 * @example
 * ```ts
 * parseSearchQuery("gold price host:api.kraken.com licence:mit");
 * ```
 */
export const parseSearchQuery = (text: string): SearchQuery => {
  if (text.length > MAX_QUERY) throw refuse(`it has more than ${MAX_QUERY} characters`);
  const filters = new Map<string, Filter>();
  const words: string[] = [];
  const typed: string[] = [];
  for (const part of text.split(/[\s\0]+/)) {
    const [, key, value] = /^([A-Za-z]+):(.*)$/.exec(part) ?? [];
    if (key === undefined || value === undefined) {
      words.push(...splitWords(part));
      typed.push(part.toLowerCase());
      continue;
    }
    const filter = readFilter(key.toLowerCase(), value);
    filters.set(`${filter.name}:${filter.value}${filter.prefix ? "*" : ""}`, filter);
  }
  const telling = words.filter((word) => !FILLERS.has(word));
  const kept = [...new Set(telling.length > 0 ? telling : words)];
  if (kept.length > MAX_WORDS) throw refuse(`it has more than ${MAX_WORDS} words`);
  if (filters.size > MAX_FILTERS) throw refuse(`it has more than ${MAX_FILTERS} filters`);
  const joined = typed.filter((part) => part !== "").join("-");
  const name = NAME.test(joined) ? joined : kept.join("-");
  return { name, words: kept, filters: [...filters.values()] };
};
