// One page per entry of the package: every exported symbol with its signature and its doc comment, from the model that
// API Extractor makes of the built declarations.

/** The text of a doc comment: examples as they are, `@see Name` in words. */
const commentOf = (raw = "") =>
  raw
    .replace(/^\/\*\*[ \t]*\n?/, "")
    .replace(/\s*\*\/\s*$/, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, ""))
    .join("\n")
    .replace(/^@example[ \t]*\n/gm, "\n")
    .replace(/^@see (.*)$/gm, "See `$1`.")
    .trim();

const signatureOf = (item) =>
  item.excerptTokens
    .map(({ text }) => text)
    .join("")
    .replace(/^export declare /, "")
    .replace(/^declare /, "")
    // Exported under another name than it has inside.
    .replace(/^\w+: /, `${item.name}: `);

/** Pipes and angle brackets would end a cell or begin a tag. */
const cell = (text) => text.replaceAll(/\s*\n\s*/g, " ").replaceAll("|", "\\|");
const code = (text) => `\`${cell(text).replaceAll("`", "'")}\``;
/** Outside of code a page takes `<` for a tag. */
const prose = (text) =>
  text
    .split(/(```[\s\S]*?```|`[^`\n]*`)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll("<", "&lt;")))
    .join("");

const membersOf = (item) => {
  const members = (item.members ?? []).filter(({ kind }) =>
    ["PropertySignature", "MethodSignature", "Property", "Method", "CallSignature"].includes(kind),
  );
  if (members.length === 0) return [];
  return [
    "| member | what it is |",
    "| --- | --- |",
    ...members.map(
      (member) =>
        `| ${code(signatureOf(member).replace(/;$/, ""))} | ${cell(prose(commentOf(member.docComment).split("```")[0]?.trim() ?? ""))} |`,
    ),
    "",
  ];
};

const ORDER = ["Function", "Variable", "Class", "Interface", "TypeAlias", "Enum", "Namespace"];
const TITLES = { values: "Functions and values", types: "Types" };

const sectionOf = (item) => [
  `### ${item.name}`,
  "",
  ...(item.kind === "Interface" ? [] : ["```ts", signatureOf(item), "```", ""]),
  prose(commentOf(item.docComment)),
  "",
  ...membersOf(item),
];

const partOf = (title, rows) =>
  rows.length === 0 ? [] : [`## ${title}`, "", ...rows.flatMap((row) => sectionOf(row))];

/**
 * The page of one entry. `model` is the JSON of API Extractor's doc model, `name` the entry as it is imported.
 */
export const printReferencePage = (model, name, about) => {
  const items = (model.members[0]?.members ?? []).toSorted(
    (a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || (a.name < b.name ? -1 : 1),
  );
  const values = items.filter(({ kind }) => !["Interface", "TypeAlias"].includes(kind));
  const types = items.filter(({ kind }) => ["Interface", "TypeAlias"].includes(kind));
  return `${[
    `# ${name}`,
    "",
    "Printed from the doc comments by `npm run api`; change them there.",
    "",
    about,
    "",
    ...partOf(TITLES.values, values),
    ...partOf(TITLES.types, types),
  ]
    .join("\n")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trimEnd()}\n`;
};
