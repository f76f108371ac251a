import { readFileSync } from "node:fs";

/** A fenced block of a Markdown file. */
export interface CodeBlock {
  /** `ts`, `sh`, `solidity`, `json`; empty where none is told. */
  readonly language: string;
  readonly text: string;
}

/** Every fenced block of a Markdown file, in order. */
export const readCodeBlocks = (file: string): readonly CodeBlock[] =>
  [...readFileSync(file, "utf8").matchAll(/^```([a-z]*)\n([\s\S]*?)^```$/gm)].map(
    ([, language = "", text = ""]) => ({ language, text }),
  );

/** The only block of a language that holds `part`. */
export const codeBlock = (file: string, language: string, part = ""): string => {
  const found = readCodeBlocks(file).filter(
    (block) => block.language === language && block.text.includes(part),
  );
  const [block] = found;
  if (block === undefined || found.length > 1)
    throw new Error(`${file} has ${found.length} ${language} blocks with ${part}`);
  return block.text;
};
