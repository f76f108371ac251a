import type { CryptletId, Digest } from "../core/ids.ts";
import { countSlips } from "./count-slips.ts";
import { lookSkeleton } from "./display-text.ts";
import type { RegistryState } from "./registry-state.ts";

/** What decides whether a new name may stand beside the others. */
export interface NameRules {
  /** Names that nobody may come near, whether they are published here or not. */
  readonly popularNames: readonly string[];
  /** Names that whoever operates the registry lets through. */
  readonly allowedNames: readonly string[];
}

/** Releases that make a name popular: there are no downloads to count in a folder. */
const POPULAR_RELEASES = 3;
/** Shorter names are near to each other by chance. */
const MIN_LENGTH = 5;
/** From here on two changed letters are overlooked. */
const LONG = 10;

/** Pairs that are one shape in most typefaces, in this order; package names are lower-case ASCII. */
const SHAPES: readonly (readonly [string, string])[] = [
  ["vv", "w"],
  ["cl", "d"],
  ["nn", "rn"],
  ["i", "l"],
  ["5", "s"],
  ["2", "z"],
  ["8", "b"],
];

/** What a package's name looks like: hyphens away, `0` as `o`, `1` and `i` as `l`, `rn` as `m`. */
export const nameSkeleton = (name: string): string => {
  let look = lookSkeleton(name);
  for (const [from, to] of SHAPES) look = look.replaceAll(from, to);
  return look;
};

const wordsOf = (name: string): string => name.split("-").toSorted().join("-");

const isNear = (a: string, b: string): boolean => {
  const shorter = Math.min(a.length, b.length);
  const most = shorter >= LONG ? 2 : 1;
  if (shorter < MIN_LENGTH || Math.abs(a.length - b.length) > most) return false;
  return countSlips(a, b) <= most;
};

/** Another publisher's name that this one would be taken for, and why. */
export interface LookAlike {
  readonly other: string;
  readonly reason: string;
}

const isPopular = (state: RegistryState, name: CryptletId): boolean =>
  state.releases(name).filter(({ revoked }) => !revoked).length >= POPULAR_RELEASES;

/**
 * The name that a new name of `publisher` looks like, null where it stands alone. Looking the same and the same words in
 * another order are refused beside every name; a letter or two of difference beside popular ones.
 */
export const findLookAlike = (
  name: CryptletId,
  publisher: Digest,
  state: RegistryState,
  rules: NameRules,
): LookAlike | null => {
  if (rules.allowedNames.includes(name)) return null;
  const look = nameSkeleton(name);
  const words = wordsOf(name);
  const others = [...state.names()].filter(
    ([other, owner]) => owner !== publisher && other !== name,
  );
  for (const [other] of others) {
    if (nameSkeleton(other) === look) return { other, reason: "the letters look the same" };
    if (wordsOf(other) === words) return { other, reason: "the same words in another order" };
    if (isNear(name, other) && isPopular(state, other))
      return { other, reason: "a letter or two away from a popular name" };
  }
  for (const other of rules.popularNames) {
    const own = state.names().get(name) === publisher || other === name;
    if (!own && (nameSkeleton(other) === look || isNear(name, other)))
      return { other, reason: "it comes near a name that the registry protects" };
  }
  return null;
};
