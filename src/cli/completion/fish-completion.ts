import { quietText, type CompletionFlag, type CompletionPlace } from "./completion-tree.ts";

const flagLine = (path: string, { word, says, value }: CompletionFlag): string => {
  const takes =
    value === "none"
      ? ""
      : value === "file"
        ? " -r -F"
        : value === "text"
          ? " -x"
          : ` -x -a '${value.join(" ")}'`;
  return `complete -c cryptlet -n '__cryptlet_at "${path}"' -l ${word.slice(2)} -d '${quietText(says)}'${takes}`;
};

/** Script for fish 3 and newer. */
export const fishCompletion = (tree: readonly CompletionPlace[]): string =>
  [
    "# cryptlet: completion for fish. Write it once:  cryptlet completion fish > ~/.config/fish/completions/cryptlet.fish",
    "function __cryptlet_at",
    "  set -l path ''",
    "  for word in (commandline -opc)[2..-1]",
    '    set -l next (string trim "$path $word")',
    "    switch $next",
    `      case ${tree
      .filter(({ path }) => path !== "")
      .map(({ path }) => `'${path}'`)
      .join(" ")}`,
    "        set path $next",
    "    end",
    "  end",
    '  test "$path" = "$argv[1]"',
    "end",
    "complete -c cryptlet -f",
    ...tree.flatMap(({ path, words, flags, files }) => [
      ...words.map(
        ({ word, says }) =>
          `complete -c cryptlet -n '__cryptlet_at "${path}"' -a ${word} -d '${quietText(says)}'`,
      ),
      ...flags.map((flag) => flagLine(path, flag)),
      ...(files ? [`complete -c cryptlet -n '__cryptlet_at "${path}"' -F`] : []),
    ]),
    "",
  ].join("\n");
