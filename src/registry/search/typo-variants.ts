/** Characters of a word that are looked at: most slips are among the first, and the table stays small. */
const HEAD = 8;
/** Shorter words have too many neighbours that are words too. */
const MIN_WORD = 4;
const MAX_WORD = 24;

const without = (text: string): readonly string[] =>
  Array.from(text).map((_, index) => text.slice(0, index) + text.slice(index + 1));

/** Whether typing errors are looked for in it. */
export const mayBeMistyped = (word: string): boolean =>
  word.length >= MIN_WORD &&
  word.length <= MAX_WORD &&
  /^[a-z0-9]+$/.test(word) &&
  /[a-z]/.test(word);

/**
 * The beginning of a word, and each text that it becomes when one character is left out: two words that differ by one
 * slip (a letter too many, too few, another one, or two in the wrong order) share one of them. This is the symmetric
 * delete index (W. Garbe, SymSpell, 2012), with its prefix rule.
 */
export const typoVariants = (word: string): readonly string[] => {
  const head = word.slice(0, HEAD);
  return [...new Set([head, ...without(head)])];
};

/** The variants to look for a mistyped word under: one character deeper for long words, which hold two slips. */
export const searchVariants = (word: string): readonly string[] => {
  const variants = typoVariants(word);
  if (word.length < HEAD) return variants;
  return [...new Set(variants.flatMap((variant) => [variant, ...without(variant)]))];
};
