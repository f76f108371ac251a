import { wholeName } from "./package-document.ts";
import type { Filter, SearchQuery } from "./search-query.ts";

/** How a package came into the answer, best first. */
export const MATCHES = [
  "name",
  "name-prefix",
  "name-words",
  "offers",
  "description",
  "partial",
  "deprecated",
  "similar",
] as const;
export type Match = (typeof MATCHES)[number];

/** One question to the full-text table; no package is in two of them. */
export interface SearchTier {
  readonly match: Match;
  /** FTS5 query (https://www.sqlite.org/fts5.html, section 3); null where there is nothing to ask. */
  readonly expression: (corrections: Corrections) => string | null;
}

const NAME = "name";
const OFFERS = "{name offers}";
const ALL = "{name offers description}";

const token = (text: string): string => `"${text.replaceAll('"', "")}"`;
const begins = (text: string): string => `${token(text)} *`;
const all = (parts: readonly string[]): string => parts.map((part) => `(${part})`).join(" AND ");
const any = (parts: readonly string[]): string => parts.map((part) => `(${part})`).join(" OR ");
const inColumns = (columns: string, expression: string): string => `${columns} : (${expression})`;
const but = (expression: string, ...without: readonly string[]): string =>
  without.length === 0 ? expression : `(${expression}) NOT (${any(without)})`;

/** `prices` is found where `price` stands; the other way round a beginning of a word does it. */
const whole = (word: string): string =>
  word.length > 3 && word.endsWith("s")
    ? any([token(word), token(word.slice(0, -1))])
    : token(word);

/** One letter begins too much to be a question. */
const half = (word: string): string => (word.length > 1 ? begins(word) : token(word));

const facet = ({ name, value, prefix }: Filter): string => {
  const text = `${name}:${value}`;
  return `facets : ${prefix ? begins(text) : token(text)}`;
};

const IS_PACKAGE = `facets : ${token("is:package")}`;
const IS_DEPRECATED = `facets : ${token("is:deprecated")}`;
const IS_REVOKED = `facets : ${token("is:revoked")}`;

/** What every answer must hold, and what none may. */
const frame = (query: SearchQuery, revoked: boolean): ((expression: string) => string) => {
  const states = query.filters.filter(({ name }) => name === "is").map(({ value }) => value);
  const held = query.filters.map(facet);
  const hidden = revoked || states.includes("revoked") ? [] : [IS_REVOKED];
  return (expression) => but(all([expression, ...held]), ...hidden);
};

/** Words that stand for a word that nobody wrote. */
export type Corrections = ReadonlyMap<string, readonly string[]>;

const corrected = (words: readonly string[], corrections: Corrections): string =>
  inColumns(
    ALL,
    all(words.map((word) => any([half(word), ...(corrections.get(word) ?? []).map(token)]))),
  );

/**
 * The questions that find a query's packages, in the order in which a person expects the answers: the package of that
 * name, names that begin so, names with these words, feeds and providers, descriptions, words that only begin so. What is
 * deprecated comes behind them, unless it was asked for by its name; what is revoked does not come unless it was asked
 * for. The last one, words that may have been meant, is for where all the others found nothing.
 */
export const searchTiers = (
  query: SearchQuery,
  { revoked = false }: { readonly revoked?: boolean } = {},
): readonly SearchTier[] => {
  const framed = frame(query, revoked);
  const asksDeprecated = query.filters.some(
    ({ name, value }) => name === "is" && value === "deprecated",
  );
  const notOld = (expression: string) =>
    framed(asksDeprecated ? expression : but(expression, IS_DEPRECATED));
  const current = (match: Match, expression: string): SearchTier => ({
    match,
    expression: () => notOld(expression),
  });
  const old = (expression: string): readonly SearchTier[] =>
    asksDeprecated
      ? []
      : [{ match: "deprecated", expression: () => framed(all([expression, IS_DEPRECATED])) }];
  if (query.words.length === 0) return [current("offers", IS_PACKAGE), ...old(IS_PACKAGE)];
  const t = wordTiers(query);
  const found = [t.prefix, t.nameWords, t.description, t.partial];
  return [
    { match: "name", expression: () => framed(t.name) },
    current("name-prefix", but(t.prefix, t.name)),
    current("name-words", but(t.nameWords, t.prefix)),
    current("offers", but(t.offers, t.prefix, t.nameWords)),
    current("description", but(t.description, t.prefix, t.nameWords, t.offers)),
    current("partial", but(t.partial, t.prefix, t.nameWords, t.description)),
    ...old(but(any(found), t.name)),
    {
      match: "similar",
      expression: (corrections) =>
        corrections.size === 0 ? null : notOld(corrected(query.words, corrections)),
    },
  ];
};

/** Beginnings cost most, because FTS5 merges the lists of all words that begin so: few of these have one. */
const wordTiers = ({ name, words }: SearchQuery) => {
  const hyphened = wholeName(name);
  return {
    name: inColumns(NAME, token(hyphened)),
    prefix: inColumns(NAME, begins(hyphened)),
    nameWords: inColumns(NAME, any([all(words.map(whole)), token(words.join(""))])),
    offers: inColumns(OFFERS, all(words.map(whole))),
    description: inColumns(ALL, all(words.map(whole))),
    partial: inColumns(ALL, all(words.map(half))),
  };
};
