import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

import { fabricError } from "../../core/errors/fabric-error.ts";

// Looked at: @clack/prompts 0.11 (MIT) and @inquirer/prompts (MIT). Two questions with a numbered list are less than
// what either brings, and a screen reader reads these.

/** Questions to whoever sits at a terminal. Each rejects with the signal's reason, and with `INTERRUPTED` when the input ends. */
export interface Questions {
  /** Asks until the answer is one that `read` knows. */
  ask<Answer>(question: string, read: (line: string) => Answer | null): Promise<Answer>;
  /** Asks for one of some choices, by number or name; an empty line takes the first. */
  choose<Name extends string>(
    question: string,
    choices: readonly { readonly name: Name; readonly says: string }[],
  ): Promise<Name>;
  close(): void;
}

/** Opens one reader for all questions: what was typed ahead answers the next one. */
export const openQuestions = (
  terminal: { readonly input: Readable; readonly output: Writable },
  signal: AbortSignal,
): Questions => {
  const { input, output } = terminal;
  const lines = createInterface({ input, output });
  const typed: string[] = [];
  let ended = false;
  let wake: (() => void) | undefined;
  lines.on("line", (line) => {
    typed.push(line);
    wake?.();
  });
  const end = () => {
    ended = true;
    wake?.();
  };
  lines.once("close", end);
  signal.addEventListener("abort", end, { once: true });

  const nextLine = async (): Promise<string> => {
    for (;;) {
      signal.throwIfAborted();
      const line = typed.shift();
      if (line !== undefined) return line;
      if (ended) throw fabricError("INTERRUPTED", { what: "The question" });
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const ask: Questions["ask"] = async (question, read) => {
    for (;;) {
      output.write(question);
      const answer = read((await nextLine()).trim());
      if (answer !== null) return answer;
    }
  };
  return {
    ask,
    choose: (question, choices) => {
      const rows = choices.map(({ name, says }, at) => `  ${at + 1}  ${name.padEnd(10)}${says}`);
      return ask(
        [question, ...rows, "Number or name [1]: "].join("\n"),
        (line) =>
          (choices.find(({ name }) => name === line) ?? choices[Number(line || "1") - 1])?.name ??
          null,
      );
    },
    close: () => {
      signal.removeEventListener("abort", end);
      lines.close();
    },
  };
};
