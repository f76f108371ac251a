import { flagOf, type CommandRecord, type OptionRecord } from "../command.ts";

/** A word that may come next, and what it is for. */
export interface CompletionWord {
  readonly word: string;
  readonly says: string;
}

/** A flag that may come next. */
export interface CompletionFlag extends CompletionWord {
  /** What its value is: nothing follows, one of these, a file, or a text that nobody can guess. */
  readonly value: "none" | "file" | "text" | readonly string[];
}

/** What may follow the words of a command line: `""` is the beginning, `feed` a family, `feed get` a command. */
export interface CompletionPlace {
  readonly path: string;
  readonly words: readonly CompletionWord[];
  readonly flags: readonly CompletionFlag[];
  /** Whether an argument may be a file or a folder. */
  readonly files: boolean;
}

const GLOBAL: readonly CompletionFlag[] = [
  { word: "--json", says: "print one JSON document", value: "none" },
  { word: "--url", says: "where the fabric's API is", value: "text" },
  { word: "--config", says: "configuration file of the host", value: "file" },
  { word: "--verbose", says: "log lines on standard error", value: "none" },
  { word: "--no-color", says: "no colours", value: "none" },
  { word: "--help", says: "explain the command", value: "none" },
];

const FILE = /FILE|FOLDER/;

const valueOf = (option: OptionRecord): CompletionFlag["value"] => {
  if (option.kind === "flag") return "none";
  if (option.kind === "choice") return option.choices;
  return FILE.test(option.value) ? "file" : "text";
};

const flagsOf = (record: CommandRecord): readonly CompletionFlag[] => [
  ...Object.entries(record.options).map(([name, option]) => ({
    word: flagOf(name),
    says: option.help,
    value: valueOf(option),
  })),
  ...GLOBAL,
];

/** Every beginning of a name, from "" to the whole of it. */
const pathsOf = (name: string): readonly string[] => {
  const words = name.split(" ");
  return ["", ...words.map((_, index) => words.slice(0, index + 1).join(" "))];
};

/** What the three shells are told, from the records that also feed parser, help and docs. */
export const completionTree = (commands: readonly CommandRecord[]): readonly CompletionPlace[] => {
  const byName = new Map(commands.map((record) => [record.name, record]));
  const paths = new Set(commands.flatMap(({ name }) => pathsOf(name)));
  return [...paths].map((path) => {
    const below = path === "" ? "" : `${path} `;
    const words = new Map<string, string>();
    for (const { name, summary } of commands) {
      if (!name.startsWith(below) || name === path) continue;
      const [word = ""] = name.slice(below.length).split(" ");
      const whole = byName.get(below + word);
      words.set(word, whole?.summary ?? words.get(word) ?? summary);
    }
    const record = byName.get(path);
    return {
      path,
      words: [...words].map(([word, says]) => ({ word, says })),
      flags: record ? flagsOf(record) : GLOBAL,
      files: record !== undefined && record.arguments.length > 0,
    };
  });
};

/** A text for people inside single quotes of any of the three shells: what would end or steer it is left out. */
export const quietText = (text: string): string =>
  text
    .replaceAll(/[\n\r'"`\\$:[\]]+/g, " ")
    .trim()
    .slice(0, 120);
