/** Bars would end a cell, line ends a row. */
const cell = (text) =>
  String(text)
    .replaceAll("|", "\\|")
    .replaceAll(/\s*\n\s*/g, " ");

/** A Markdown table. */
export const table = (headings, rows) =>
  [headings, headings.map(() => "---"), ...rows.map((row) => row.map(cell))]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
