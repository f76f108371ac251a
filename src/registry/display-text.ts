import { fabricError } from "../core/errors/fabric-error.ts";
import { confusableLetters } from "./confusable-letters.ts";

/** Controls, halves of surrogates, private use, line separators, and all that shows nothing: bidi marks, joiners, fillers. */
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
/** More marks on one letter than any script stacks. */
const STACKED_MARKS = /\p{M}{5}/u;

/**
 * Check a text that is shown to people who decide by it: nothing in it is invisible or steers the direction of what
 * stands around it. Throws `DISPLAY_TEXT_REFUSED`.
 */
export const checkDisplayText = (what: string, text: string): void => {
  const refuse = (reason: string) => fabricError("DISPLAY_TEXT_REFUSED", { what, reason });
  if (HIDDEN.test(text)) throw refuse("it holds characters that do not show");
  if (STACKED_MARKS.test(text.normalize("NFD"))) throw refuse("it stacks marks on a letter");
  if (text.trim() === "") throw refuse("it is blank");
};

/** A registry's own text on one line of a terminal: who runs one need not have asked `checkDisplayText`. */
export const toDisplayText = (text: string): string =>
  text.replaceAll(new RegExp(HIDDEN, "gu"), "\uFFFD");

const lookOf = (text: string): string =>
  Array.from(text, (letter) => confusableLetters.get(letter) ?? letter).join("");

/**
 * What a text looks like: UTS 39's skeleton of its letters and digits, without case, marks, spaces and punctuation. Two
 * texts with one skeleton are one text to the eye.
 * @example
 * ```ts
 * lookSkeleton("Αcme Dаta") === lookSkeleton("acme-data"); // Greek Α, Cyrillic а
 * ```
 */
export const lookSkeleton = (text: string): string =>
  lookOf(lookOf(text.normalize("NFKD")).toLowerCase())
    .normalize("NFKD")
    .replaceAll(/[^\p{L}\p{N}]/gu, "");
