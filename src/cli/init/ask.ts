import { createInterface } from "node:readline/promises";
import type { Readable, Writable } from "node:stream";

import { fabricError } from "../../core/errors/fabric-error.ts";

// Looked at: @clack/prompts 0.11 (MIT) and @inquirer/prompts (MIT). Two questions with a numbered list are less than
// what either brings, and a screen reader reads these.

/** Where somebody answers. */
export interface Terminal {
  readonly input: Readable;
  readonly output: Writable;
}

/** Asks on a terminal until the answer is one that `read` knows. Rejects with the signal's reason, and with `INTERRUPTED` when the input ends. */
export const ask = async <Answer>(
  { input, output }: Terminal,
  question: string,
  read: (line: string) => Answer | null,
  signal: AbortSignal,
): Promise<Answer> => {
  const lines = createInterface({ input, output });
  const ended = new AbortController();
  lines.once("close", () => ended.abort());
  try {
    for (;;) {
      const line = await lines.question(question, {
        signal: AbortSignal.any([signal, ended.signal]),
      });
      const answer = read(line.trim());
      if (answer !== null) return answer;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (ended.signal.aborted) throw fabricError("INTERRUPTED", { what: "The question" });
    throw error;
  } finally {
    lines.close();
  }
};

/** Asks for one of some choices, by number or name; an empty line takes the first. */
export const askChoice = async <Name extends string>(
  terminal: Terminal,
  question: string,
  choices: readonly { readonly name: Name; readonly says: string }[],
  signal: AbortSignal,
): Promise<Name> => {
  const rows = choices.map(({ name, says }, at) => `  ${at + 1}  ${name.padEnd(10)}${says}`);
  return ask(
    terminal,
    [question, ...rows, "Number or name [1]: "].join("\n"),
    (line) =>
      (choices.find(({ name }) => name === line) ?? choices[Number(line || "1") - 1])?.name ?? null,
    signal,
  );
};
