import { quietText, type CompletionFlag, type CompletionPlace } from "./completion-tree.ts";

const described = (words: readonly { readonly word: string; readonly says: string }[]): string =>
  words.map(({ word, says }) => `'${word}:${quietText(says)}'`).join(" ");

const valueBranch = (path: string, { word, value }: CompletionFlag): string | null => {
  if (value === "none") return null;
  const does =
    value === "file" ? "_files" : value === "text" ? ":" : `compadd -- ${value.join(" ")}`;
  return `    "${path}|${word}") ${does}; return;;`;
};

/** Script for zsh with compinit. */
export const zshCompletion = (tree: readonly CompletionPlace[]): string =>
  [
    "#compdef cryptlet",
    "# cryptlet: completion for zsh. Put into ~/.zshrc, after compinit:  source <(cryptlet completion zsh)",
    "_cryptlet() {",
    '  local path_="" word index files=0',
    "  local -a verbs flags",
    "  for ((index = 2; index < CURRENT; index++)); do",
    '    word="${path_:+$path_ }${words[index]}"',
    '    case "$word" in',
    `      ${tree
      .filter(({ path }) => path !== "")
      .map(({ path }) => `"${path}"`)
      .join("|")}) path_="$word";;`,
    "    esac",
    "  done",
    '  case "$path_|${words[CURRENT-1]}" in',
    ...tree.flatMap(({ path, flags }) =>
      flags.map((flag) => valueBranch(path, flag)).filter((branch) => branch !== null),
    ),
    "  esac",
    '  case "$path_" in',
    ...tree.map(
      ({ path, words, flags, files }) =>
        `    "${path}") verbs=(${described(words)}); flags=(${described(flags)}); files=${files ? 1 : 0};;`,
    ),
    "  esac",
    '  if [[ "${words[CURRENT]}" == -* ]]; then _describe flag flags',
    "  else",
    "    if (( ${#verbs} )); then _describe command verbs; fi",
    "    if (( files )); then _files; fi",
    "  fi",
    "}",
    'if [ "$funcstack[1]" = "_cryptlet" ]; then _cryptlet "$@"; else compdef _cryptlet cryptlet; fi',
    "",
  ].join("\n");
