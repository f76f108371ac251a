import type { Executor } from "../../store/store.ts";
import { closeness } from "./closeness.ts";
import type { Corrections } from "./search-tiers.ts";
import { mayBeMistyped, searchVariants } from "./typo-variants.ts";

/** Words that are compared for one mistyped one, and words that may stand for it. */
const MAX_CANDIDATES = 500;
const MAX_CORRECTIONS = 3;

/**
 * Words of the index that a mistyped word may have been meant to be, the nearest first, then the most used. The
 * candidates are bounded, so that a log full of almost equal words costs no more than another one.
 */
const correct = async (db: Executor, word: string): Promise<readonly string[]> => {
  const candidates = await db
    .selectFrom("registry_typos")
    .select("word")
    .distinct()
    .where("variant", "in", searchVariants(word))
    .limit(MAX_CANDIDATES)
    .execute();
  const near = candidates.flatMap((row) => {
    const slips = row.word === word ? null : closeness(word, row.word);
    return slips === null ? [] : [{ word: row.word, slips }];
  });
  if (near.length === 0) return [];
  const counts = await db
    .selectFrom("registry_vocabulary")
    .select(["term", "doc"])
    .where(
      "term",
      "in",
      near.map((row) => row.word),
    )
    .execute();
  const uses = new Map(counts.map(({ term, doc }) => [term, doc]));
  return near
    .filter((row) => uses.has(row.word))
    .toSorted((a, b) => a.slips - b.slips || (uses.get(b.word) ?? 0) - (uses.get(a.word) ?? 0))
    .slice(0, MAX_CORRECTIONS)
    .map((row) => row.word);
};

/** What the words of a question may have been meant to be; no entry for a word that nothing is near. */
export const findCorrections = async (
  db: Executor,
  words: readonly string[],
): Promise<Corrections> => {
  const found = new Map<string, readonly string[]>();
  for (const word of words) {
    if (!mayBeMistyped(word)) continue;
    const corrections = await correct(db, word);
    if (corrections.length > 0) found.set(word, corrections);
  }
  return found;
};
