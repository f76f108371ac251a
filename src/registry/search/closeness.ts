import { countSlips } from "../count-slips.ts";

/** Words from this length on may hold two slips. */
const LONG_WORD = 8;

/**
 * How many slips lie between what was typed and a word (two neighbours in the wrong order are one), or null where they
 * are too many to be the same word.
 */
export const closeness = (typed: string, word: string): number | null => {
  const slips = countSlips(typed, word);
  return slips <= (typed.length >= LONG_WORD ? 2 : 1) ? slips : null;
};
