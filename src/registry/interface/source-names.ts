import type { FeedManifest, Manifest } from "../../sdk/manifest.ts";

/** `xau-usd` -> `XauUsd`. */
const pascal = (id: string): string =>
  id
    .split("-")
    .map((part) => `${part.slice(0, 1).toUpperCase()}${part.slice(1)}`)
    .join("");

/** A name in printed source; the words before it keep it apart from the reserved ones of both languages. */
const nameOf = (...ids: readonly string[]): string => {
  const name = ids.map(pascal).join("");
  return /^\d/.test(name) ? `Cryptlet${name}` : name;
};

/** `XauUsd` -> `xauUsd`, for constants. */
export const camel = (name: string): string => `${name.slice(0, 1).toLowerCase()}${name.slice(1)}`;

/** Names of a Cryptlet and of its feeds in printed source; each once. */
export interface SourceNames {
  readonly cryptlet: string;
  ofFeed(feed: FeedManifest): string;
}

/** Ids that differ in their hyphens alone (`a-1`, `a1`) would have one name: the later ones get a number. */
export const createSourceNames = (manifest: Manifest): SourceNames => {
  const cryptlet = nameOf(manifest.id);
  const taken = new Set(
    [`${cryptlet}Feed`, `${cryptlet}Receiver`].map((name) => name.toLowerCase()),
  );
  const names = new Map<string, string>();
  for (const { id } of manifest.feeds) {
    const base = nameOf(manifest.id, id);
    let name = base;
    for (let count = 2; taken.has(name.toLowerCase()); count += 1) name = `${base}_${count}`;
    taken.add(name.toLowerCase());
    names.set(id, name);
  }
  return { cryptlet, ofFeed: ({ id }) => names.get(id) ?? nameOf(manifest.id, id) };
};
