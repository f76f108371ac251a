import { distance } from "fastest-levenshtein";

/** Words from this length on may hold two slips. */
const LONG_WORD = 8;

const isSwap = (a: string, b: string): boolean => {
  if (a.length !== b.length) return false;
  const first = Array.from(a).findIndex((_, index) => a[index] !== b[index]);
  return (
    first >= 0 &&
    a[first] === b[first + 1] &&
    a[first + 1] === b[first] &&
    a.slice(first + 2) === b.slice(first + 2)
  );
};

/**
 * How many slips lie between what was typed and a word (two neighbours in the wrong order are one), or null where they
 * are too many to be the same word.
 */
export const closeness = (typed: string, word: string): number | null => {
  const slips = isSwap(typed, word) ? 1 : distance(typed, word);
  return slips <= (typed.length >= LONG_WORD ? 2 : 1) ? slips : null;
};
