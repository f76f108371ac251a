import { compare, prerelease } from "semver";
import type { IndexedRelease } from "./indexed-release.ts";
import { facetsOf } from "./release-facets.ts";
import { splitWords } from "./split-words.ts";

/** A package's row in the full-text table, column by column. */
export interface PackageDocument {
  readonly name: string;
  readonly offers: string;
  readonly description: string;
  readonly facets: string;
}

/** Labels of host names that say nothing about who answers. */
const COMMON_LABELS = new Set(["api", "www", "data", "rest", "com", "org", "net", "co", "io"]);

/** What stands before what is deprecated, that before what is revoked; releases before trial versions; newest first. */
const order = (a: IndexedRelease, b: IndexedRelease): number => {
  const states = ["published", "deprecated", "revoked"];
  const byState = states.indexOf(a.state) - states.indexOf(b.state);
  if (byState !== 0) return byState;
  const byTrial = Number(prerelease(a.version) !== null) - Number(prerelease(b.version) !== null);
  return byTrial === 0 ? compare(b.version, a.version) : byTrial;
};

/** The release that a person who names no version means: the newest that stands and is no trial version. */
export const preferredRelease = (releases: readonly IndexedRelease[]): IndexedRelease | undefined =>
  releases.toSorted(order)[0];

/** The name as one word, which a name that begins with it is told by. */
export const wholeName = (name: string): string => `=${name}`;

/** The name without its hyphens: people leave them out. */
export const closedName = (name: string): string => splitWords(name).join("");

const join = (words: readonly string[]): string => [...new Set(words)].join(" ");

/** Words of a package by how much they say: its name, what it offers and from where, how it describes itself. */
export const makePackageDocument = (release: IndexedRelease): PackageDocument => {
  const { name, feeds, hosts } = release;
  const providers = hosts.flatMap((host) =>
    host.split(".").filter((label) => label.length > 2 && !COMMON_LABELS.has(label)),
  );
  return {
    name: join([wholeName(name), ...splitWords(name), closedName(name)]),
    offers: join([...feeds.map(({ id }) => id), ...providers].flatMap(splitWords)),
    description: join(
      [release.description, ...feeds.map(({ description }) => description)].flatMap(splitWords),
    ),
    facets: join(facetsOf(release)),
  };
};
