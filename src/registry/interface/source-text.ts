/**
 * Text of a stranger's manifest inside printed source: nothing of it may end a comment or a literal, start a tag of
 * NatSpec or TSDoc, or turn the order in which a reader sees the line (Trojan Source, CVE-2021-42574).
 */

const encoder = new TextEncoder();

/** One line for a comment: format and control characters, line ends and runs of spaces become one space. */
export const commentText = (text: string): string =>
  text
    .replaceAll(/[\p{C}\p{Z}\s]+/gu, " ")
    .replaceAll("*/", "* /")
    .replaceAll("@", "(at)")
    .replaceAll(/[{}\\`]/g, "'")
    .trim();

/** A Solidity string literal: printable ASCII as it is, every other byte of its UTF-8 as `\xNN`. */
export const solidityText = (text: string): string => {
  const bytes = [...encoder.encode(text)].map((byte) => {
    const character = String.fromCodePoint(byte);
    const plain = byte >= 0x20 && byte < 0x7f && character !== '"' && character !== "\\";
    return plain ? character : `\\x${byte.toString(16).padStart(2, "0")}`;
  });
  return `"${bytes.join("")}"`;
};

/** A TypeScript string literal in ASCII. */
export const typescriptText = (text: string): string =>
  JSON.stringify(text).replaceAll(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
