import { z } from "zod";
import { environmentSettings } from "../../dist/src/core/config/environment.js";
import { createConfigSchema } from "../../dist/src/core/config/schema.js";
import { Secret } from "../../dist/src/core/config/secret.js";
import { table } from "./markdown.mjs";
import { settingRows } from "./setting-rows.mjs";

const jsonSchema = () =>
  z.toJSONSchema(createConfigSchema({ base: "/", readSecret: () => new Secret("") }), {
    io: "input",
    unrepresentable: "any",
    // A resolved default path is one of this machine; what was written stands in the text.
    override: ({ jsonSchema: schema }) => {
      if (schema.default instanceof Secret) delete schema.default;
    },
  });

/** Text of docs/config.schema.json. */
export const printConfigSchema = () =>
  `${JSON.stringify({ title: "Cryptlet Fabric: configuration of a host", ...jsonSchema() }, null, 2)}\n`;

/** Text of docs/config.md. */
export const printConfig = () => {
  const settings = settingRows(jsonSchema());
  const variables = environmentSettings.map(({ variable, path, reading }) => [
    `\`${variable}\``,
    `\`${path.join(".")}\``,
    reading === "reference" ? "read as a secret" : reading,
  ]);
  return `# Configuration

Printed from \`src/core/config/\` by \`npm run docs\`; change it there. [config.schema.json](config.schema.json) is the same as
a JSON Schema for editors; [host.md](host.md) has a whole file.

The host reads the file that \`--config\` or \`CRYPTLET_CONFIG\` names, else \`fabric.json\` in the working directory, else takes
the defaults. Then the environment is put on top, then secrets are read. Relative paths start at the file. Every fault is
reported at once with its path, and the command exits with 2. An unknown setting is a fault.

A **secret reference** is \`{ "$env": "NAME" }\` or \`{ "$file": "path" }\`; a secret never stands in the file itself. Endpoints may
be references too, because many carry a key. All times are in milliseconds.

## Settings

${table(["setting", "type", "default", "meaning"], settings)}

## Rules between settings

- \`feeds[].cryptlet\` names the id of one of \`cryptlets\`; \`bindings[].feed\` one of \`feeds\`; \`bindings[].chain\` one of \`chains\`.
- Ids of \`cryptlets\` and \`feeds\`, names of \`chains\`, and a feed with contract and chain in \`bindings\` stand once.
- \`feeds[].heartbeatMs\` is at least \`intervalMs\`, and \`validForMs\` at least \`heartbeatMs\`.
- \`providers.mode\` \`emulated\` needs \`providers.emulator\`.

## Environment

${table(["variable", "setting", "read as"], variables)}

\`CRYPTLET_CONFIG\` names the file. \`NATS_URL\` also turns \`bus.driver\` to \`nats\`. An empty variable counts as not set.
`;
};
