import { errorCatalogue } from "../../dist/src/core/errors/catalogue.js";
import { exitCodeOf, httpStatusOf } from "../../dist/src/core/errors/fabric-error.js";
import { table } from "./markdown.mjs";

const KINDS = {
  user: "Something that was given is wrong. A retry without a change fails again.",
  verification: "Something was checked and does not hold. Never retry; never use the value.",
  unavailable: "Something that is needed does not answer. A retry later makes sense.",
  internal: "A defect of the fabric. Please report it.",
};

/** Text of docs/errors.md. */
export const printErrors = () => {
  const sections = Object.entries(KINDS).map(([kind, meaning]) => {
    const rows = Object.entries(errorCatalogue)
      .filter(([, entry]) => entry.kind === kind)
      .toSorted(([a], [b]) => a.localeCompare(b, "en"))
      .map(([code, { message, hint }]) => [
        `\`${code}\``,
        message,
        hint,
        exitCodeOf(code),
        httpStatusOf(code),
      ]);
    return `## ${kind}\n\n${meaning}\n\n${table(["code", "message", "what to do", "exit", "HTTP"], rows)}`;
  });
  return `# Errors

Printed from \`src/core/errors/catalogue/\` by \`npm run docs\`; change it there.

An error is known by its code, on the command line, over HTTP (\`{ "error": { "code", "message", "hint", "arguments" } }\`)
and inside the library. Its kind decides exit code and HTTP status unless the row says otherwise.

${sections.join("\n\n")}
`;
};
