/** Longest word that is told from others, in code points; the rest of it counts for nothing. */
const MAX_WORD = 48;
/** Most words of one text. */
const MAX_WORDS = 1_000;

const WORD = /[\p{L}\p{N}]+/gu;
/** Scripts that write no spaces between words: each sign is a word of its own. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

const pieces = (word: string): readonly string[] => {
  if (!UNSPACED.test(word)) return [word];
  return word.split(new RegExp(`(${UNSPACED.source})`, "u")).filter((piece) => piece !== "");
};

/**
 * Words of a text as the index knows them: lower case, without accents (NFKD), letters and digits only. The same text
 * gives the same words in the index and in a question, and a word never holds a quote, a space or a mark of FTS5.
 * @example
 * ```ts
 * splitWords("Préis of Gold (XAU/USD)"); // ["preis", "of", "gold", "xau", "usd"]
 * ```
 */
export const splitWords = (text: string): readonly string[] => {
  const plain = text
    .toLowerCase()
    .normalize("NFKD")
    .replaceAll(/\p{M}+/gu, "")
    // What NFKD takes apart can hold capitals again.
    .toLowerCase();
  const words: string[] = [];
  for (const [word] of plain.matchAll(WORD)) {
    for (const piece of pieces(word)) words.push(Array.from(piece).slice(0, MAX_WORD).join(""));
    if (words.length >= MAX_WORDS) return words.slice(0, MAX_WORDS);
  }
  return words;
};
