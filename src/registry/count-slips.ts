import { distance } from "fastest-levenshtein";

const isSwap = (a: string, b: string): boolean => {
  if (a.length !== b.length) return false;
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  if (at === a.length) return false;
  return a[at] === b[at + 1] && a[at + 1] === b[at] && a.slice(at + 2) === b.slice(at + 2);
};

/** Slips of the finger between two texts: edits by Levenshtein's count, where one swap of two neighbours is one and not two. */
export const countSlips = (a: string, b: string): number => (isSwap(a, b) ? 1 : distance(a, b));
