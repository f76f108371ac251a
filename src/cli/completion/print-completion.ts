import type { CommandRecord } from "../command.ts";
import { bashCompletion } from "./bash-completion.ts";
import { completionTree } from "./completion-tree.ts";
import { fishCompletion } from "./fish-completion.ts";
import { zshCompletion } from "./zsh-completion.ts";

const PRINTERS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

/** Shells that can be told. */
export const COMPLETION_SHELLS = [
  "bash",
  "zsh",
  "fish",
] as const satisfies readonly (keyof typeof PRINTERS)[];

/**
 * The completion script of a shell.
 * @example
 * ```ts
 * process.stdout.write(printCompletion("bash", commands));
 * ```
 */
export const printCompletion = (
  shell: (typeof COMPLETION_SHELLS)[number],
  commands: readonly CommandRecord[],
): string => PRINTERS[shell](completionTree(commands));
