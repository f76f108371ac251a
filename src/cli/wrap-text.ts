import { stripVTControlCharacters } from "node:util";

const width = (text: string): number => stripVTControlCharacters(text).length;

const wrapLine = (line: string, columns: number): string => {
  if (width(line) <= columns) return line;
  const indent = /^ */.exec(line)?.[0] ?? "";
  const parts: string[] = [];
  let current = indent;
  for (const [gap = "", space = "", word = ""] of line
    .slice(indent.length)
    .matchAll(/( *)(\S+)/g)) {
    if (width(current) > indent.length && width(current + gap) > columns) {
      parts.push(current);
      current = `${indent}    ${word}`;
    } else current += space + word;
  }
  return [...parts, current].join("\n");
};

/**
 * Lines that are too long for a terminal, broken between words and set in below their beginning. A word that is longer
 * than a line stays whole: it may be copied. Colours pass through.
 * @example
 * ```ts
 * wrapText("  one two three", 10); // "  one two\n      three"
 * ```
 */
export const wrapText = (text: string, columns: number): string =>
  text
    .split("\n")
    .map((line) => wrapLine(line, columns))
    .join("\n");
