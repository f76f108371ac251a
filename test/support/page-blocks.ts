import { readFileSync } from "node:fs";

/** A fenced block with what stands behind its language: ```` ```ts file=src/main.ts ````. */
export interface PageBlock {
  readonly language: string;
  /** `file=x` as a pair; a lone word has the value "". */
  readonly marks: ReadonlyMap<string, string>;
  readonly text: string;
  /** Of its first line in the page. */
  readonly line: number;
}

/** Every fenced block of a Markdown page, in order. */
export const readPageBlocks = (file: string): readonly PageBlock[] => {
  const page = readFileSync(file, "utf8");
  return [...page.matchAll(/^```([a-z]*)(.*)\n([\s\S]*?)^```$/gm)].map((match) => {
    const [, language = "", info = "", text = ""] = match;
    const marks = info
      .split(" ")
      .filter((word) => word !== "")
      .map((word): [string, string] => {
        const [name = "", ...value] = word.split("=");
        return [name, value.join("=")];
      });
    const line = page.slice(0, match.index).split("\n").length + 1;
    return { language, marks: new Map(marks), text, line };
  });
};
