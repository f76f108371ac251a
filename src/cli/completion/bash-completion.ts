import type { CompletionFlag, CompletionPlace } from "./completion-tree.ts";

const list = (words: readonly { readonly word: string }[]): string =>
  words.map(({ word }) => word).join(" ");

const valueBranch = (path: string, { word, value }: CompletionFlag): string | null => {
  if (value === "none") return null;
  const does =
    value === "file"
      ? 'COMPREPLY=($(compgen -f -- "$current"))'
      : value === "text"
        ? "COMPREPLY=()"
        : `COMPREPLY=($(compgen -W "${value.join(" ")}" -- "$current"))`;
  return `    "${path}|${word}") ${does}; return;;`;
};

const placeBranch = ({ path, words, flags, files }: CompletionPlace): string =>
  `    "${path}") words="${list(words)}"; flags="${list(flags)}"; files=${files ? 1 : 0};;`;

/** Script for bash 3.2 and newer; nothing of the bash-completion package is needed. */
export const bashCompletion = (tree: readonly CompletionPlace[]): string =>
  [
    "# cryptlet: completion for bash. Put into ~/.bashrc:  source <(cryptlet completion bash)",
    "_cryptlet() {",
    '  local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}"',
    '  local path="" word words="" flags="" files=0 index',
    "  for ((index = 1; index < COMP_CWORD; index++)); do",
    '    word="${path:+$path }${COMP_WORDS[index]}"',
    '    case "$word" in',
    `      ${tree
      .filter(({ path }) => path !== "")
      .map(({ path }) => `"${path}"`)
      .join("|")}) path="$word";;`,
    "    esac",
    "  done",
    '  case "$path|$previous" in',
    ...tree.flatMap(({ path, flags }) =>
      flags.map((flag) => valueBranch(path, flag)).filter((branch) => branch !== null),
    ),
    "  esac",
    '  case "$path" in',
    ...tree.map(placeBranch),
    "  esac",
    '  case "$current" in',
    '    -*) COMPREPLY=($(compgen -W "$flags" -- "$current"));;',
    '    *) COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '      if [ "$files" = 1 ]; then COMPREPLY+=($(compgen -f -- "$current")); fi;;',
    "  esac",
    "}",
    "complete -o filenames -F _cryptlet cryptlet",
    "",
  ].join("\n");
