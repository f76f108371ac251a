import type { IndexedRelease } from "./indexed-release.ts";
import { splitWords } from "./split-words.ts";

/** A host and every domain that it is part of, down to two labels: a search for `kraken.com` finds `api.kraken.com`. */
const domainsOf = (host: string): readonly string[] => {
  const labels = host.replace(/^\*\./, "").split(".");
  return labels.slice(0, -1).map((_, index) => labels.slice(index).join("."));
};

/** Ids of an SPDX expression: `(MIT OR Apache-2.0)` has two. */
const licencesOf = (expression: string): readonly string[] =>
  expression.split(/[\s()]+/).filter((part) => part !== "" && !/^(?:AND|OR|WITH)$/i.test(part));

/** What a token may be made of; anything else would be cut in two by the tokenizer. */
const clean = (value: string): string => value.toLowerCase().replaceAll(/[^a-z0-9:._*/+@-]+/g, "-");

/**
 * Everything about a release that a filter can ask for, as tokens `name:value`.
 */
export const facetsOf = (release: IndexedRelease): readonly string[] => {
  const facets = new Set<string>(["is:package", `is:${release.state}`]);
  const add = (name: string, values: readonly string[]) => {
    for (const value of values) facets.add(`${name}:${clean(value)}`);
  };
  add(
    "feed",
    release.feeds.map(({ id }) => id),
  );
  add(
    "kind",
    release.feeds.map(({ kind }) => kind),
  );
  add("capability", release.capabilities);
  add("host", release.hosts.flatMap(domainsOf));
  add("chain", release.chains);
  add("calls", release.calls);
  add("publisher", [release.publisher, splitWords(release.publisherName).join("-")]);
  add("licence", release.licence === null ? [] : licencesOf(release.licence));
  add("lane", [release.lane]);
  add("language", [release.language]);
  return [...facets];
};
