import { z } from "zod";
import { environmentSettings } from "../../dist/src/core/config/environment.js";
import { createConfigSchema } from "../../dist/src/core/config/schema.js";
import { Secret } from "../../dist/src/core/config/secret.js";
import { table } from "./markdown.mjs";

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

const isReference = (schema) => schema.properties?.$env || schema.properties?.$file;

/** What may stand there, in words. */
const typeOf = (schema) => {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(", ");
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) {
    const references =
      choices.filter(isReference).length > 0 || choices.some((one) => one.anyOf?.some(isReference));
    const others = choices
      .filter((one) => !isReference(one) && !one.anyOf?.some(isReference))
      .map(typeOf);
    return [...new Set([...others, ...(references ? ["secret reference"] : [])])].join(" or ");
  }
  if (schema.$ref || Object.keys(schema).every((key) => ["description", "default"].includes(key)))
    return "any JSON";
  if (schema.type === "integer" || schema.type === "number") {
    const high = schema.maximum >= Number.MAX_SAFE_INTEGER ? undefined : schema.maximum;
    return high === undefined
      ? `integer from ${schema.minimum}`
      : `integer, ${schema.minimum} to ${high}`;
  }
  if (schema.type === "array") return `list of ${typeOf(schema.items)}`;
  if (schema.type === "string") return "text";
  return schema.type ?? "any JSON";
};

const standardOf = (schema, required) => {
  if (required) return "**required**";
  if (schema.default === undefined) return "";
  const text = JSON.stringify(schema.default);
  return text === "{}" || text === "[]" ? "" : `\`${text}\``;
};

/** The object inside `schema` when it is one, also behind null. */
const objectsIn = (schema) => {
  if (schema.properties && !isReference(schema)) return [schema];
  if (schema.type === "array") return objectsIn(schema.items);
  return (schema.anyOf ?? schema.oneOf ?? []).flatMap(objectsIn);
};

const rowsOf = (schema, prefix) =>
  Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const path = `${prefix}${name}`;
    const required = schema.required?.includes(name) && inner.default === undefined;
    const row = [
      `\`${path}\``,
      typeOf(inner),
      standardOf(inner, required),
      inner.description ?? "",
    ];
    const below = `${path}${inner.type === "array" ? "[]" : ""}.`;
    return [row, ...objectsIn(inner).flatMap((object) => rowsOf(object, below))];
  });

/** One row per path; a path that stands in several kinds of one setting is told once. */
const unique = (rows) => {
  const byPath = new Map();
  for (const row of rows) {
    const known = byPath.get(row[0]);
    if (!known) byPath.set(row[0], [...row]);
    else if (known[1] !== row[1] && !known[1].split(", ").includes(row[1]))
      known[1] += `, ${row[1]}`;
  }
  return [...byPath.values()];
};

/** Text of docs/config.md. */
export const printConfig = () => {
  const settings = unique(rowsOf(jsonSchema(), ""));
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
