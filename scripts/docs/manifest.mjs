import { z } from "zod";
import { LANE_LANGUAGES, manifestSchema } from "../../dist/src/sdk/manifest.js";
import { table } from "./markdown.mjs";
import { settingRows } from "./setting-rows.mjs";

const jsonSchema = () => z.toJSONSchema(manifestSchema, { io: "input" });

/** Text of docs/manifest.schema.json. */
export const printManifestSchema = () =>
  `${JSON.stringify({ title: "Cryptlet Fabric: manifest of a Cryptlet", ...jsonSchema() }, null, 2)}\n`;

/** Text of docs/manifest.md. */
export const printManifest = () => {
  const lanes = Object.entries(LANE_LANGUAGES).map(([lane, languages]) => [
    `\`${lane}\``,
    languages.map((language) => `\`${language}\``).join(", "),
  ]);
  return `# Manifest

Printed from \`src/sdk/manifest.ts\` and \`capability-grants.ts\` beside it by \`npm run docs\`; change it there.
[manifest.schema.json](manifest.schema.json) is the same as a JSON Schema for editors.

\`cryptlet.json\` beside a Cryptlet's source says who it is, what it publishes, what it may touch and how much it may use.
Its exact bytes are part of the measurement: another byte is another Cryptlet. \`cryptlet build\` checks it and names every
fault with its path; an unknown field is a fault. All times are in milliseconds.
[\`cryptlets/gold-price/cryptlet.json\`](../cryptlets/gold-price/cryptlet.json) is a whole one, and
[the enclave](enclave.md) says what each capability is held to.

## Fields

${table(["field", "type", "default", "meaning"], settingRows(jsonSchema()))}

## Rules between fields

- \`language\` is one of its lane's, see below.
- Ids of \`feeds\`, names of \`capabilities.secrets\`, \`chain\` in \`capabilities.chains\` and \`cryptlet\` in
  \`capabilities.calls\` stand once.
- Each of a secret's \`hosts\` is covered by an entry of \`capabilities.http.hosts\`.
- A wildcard host has at least three labels behind it.
- A Cryptlet does not call itself.

## Languages of the lanes

${table(["lane", "languages"], lanes)}
`;
};
