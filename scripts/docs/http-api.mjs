import { table } from "./markdown.mjs";
import { settingRows } from "./setting-rows.mjs";

/** What stands behind a tag; one without words here is printed by its name. */
const TAGS = {
  feeds: "Feeds",
  requests: "Requests",
  subscriptions: "Subscriptions",
  webhooks: "Webhooks",
  trust: "Trust",
  registry: "Registry",
  deliveries: "Deliveries",
  status: "Status",
};

/** The same schema in the one form that the tables know: no lists of types, no bounds that only say "safe integer". */
const plain = (schema) => {
  if (Array.isArray(schema)) return schema.map(plain);
  if (typeof schema !== "object" || schema === null) return schema;
  const entries = Object.entries(schema).filter(
    ([key, value]) =>
      !(/^(minimum|maximum)$/.test(key) && Math.abs(value) >= Number.MAX_SAFE_INTEGER),
  );
  const { type, ...rest } = Object.fromEntries(entries.map(([key, value]) => [key, plain(value)]));
  if (Array.isArray(type)) return { ...rest, anyOf: type.map((one) => ({ type: one })) };
  return type === undefined ? rest : { ...rest, type };
};

const heading = (method, path) => `### \`${method.toUpperCase()} ${path}\``;

const parameters = ({ parameters: given = [] }) => {
  if (given.length === 0) return [];
  const rows = given.map(({ name, in: place, required, description = "", schema }) => [
    `\`${name}\``,
    place,
    required ? "**required**" : schema.default === undefined ? "" : `\`${schema.default}\``,
    description,
  ]);
  return [table(["parameter", "in", "default", "meaning"], rows), ""];
};

/** Fields of a body without the column of defaults, which an answer has not. */
const fields = (schema) =>
  table(
    ["field", "type", "meaning"],
    settingRows(plain(schema)).map(([name, type, , meaning]) => [name, type, meaning]),
  );

const bodyOf = (content = {}) => {
  const [[type, { schema = {} }] = ["", {}]] = Object.entries(content);
  return { type, schema, hasFields: type === "application/json" && schema.properties };
};

const requestBody = ({ requestBody: body }) => {
  if (!body) return [];
  const { type, schema, hasFields } = bodyOf(body.content);
  return [`Body: \`${type}\`.`, "", ...(hasFields ? [fields(schema), ""] : [])];
};

const answers = ({ responses }) =>
  Object.entries(responses)
    .filter(([status]) => /^[23]\d\d$/.test(status))
    .flatMap(([status, { content }]) => {
      const { type, schema, hasFields } = bodyOf(content);
      const said = schema.description ? `: ${schema.description}` : "";
      const head = `Answers ${status}${type === "" ? "" : `, \`${type}\``}${said}.`;
      return [head, "", ...(hasFields ? [fields(schema), ""] : [])];
    });

const section = ([path, method, route]) => [
  heading(method, path),
  "",
  `${route.summary ?? ""}.${route.description ? ` ${route.description}` : ""}`,
  "",
  ...parameters(route),
  ...requestBody(route),
  ...answers(route),
];

const tagOf = ([, , route]) => route.tags?.[0] ?? "other";

/** Text of docs/http-api.md, from the document that the API itself serves. */
export const printHttpApi = (openapi) => {
  const routes = Object.entries(openapi.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, route]) => [path, method, route]),
  );
  const tags = new Set([...Object.keys(TAGS), ...routes.map(tagOf)]);
  const sections = [...tags].flatMap((tag) => {
    const members = routes.filter((route) => tagOf(route) === tag);
    return members.length === 0 ? [] : [`## ${TAGS[tag] ?? tag}`, "", ...members.flatMap(section)];
  });
  return `${[
    "# HTTP API",
    "",
    "Printed from the routes in `src/api/routes` by `npm run docs`; change it there. A running fabric serves the same as",
    "OpenAPI 3.1 at `/openapi.json`; [openapi.json](openapi.json) is a copy of it for generators.",
    "",
    `${openapi.info.description} Where it is and who may ask is set by \`api\` in the`,
    "[configuration](config.md). What changes something needs the bearer token, `authorization: Bearer …`.",
    "",
    "Times are ms since epoch. Amounts and answers are decimal text, never JSON numbers, so that no digit is lost; they may be",
    "negative. An error is `{ error: { code, message, hint, arguments } }` with a status from 400; [errors](errors.md) has",
    "every code, and a client goes by the code alone.",
    "",
    ...sections,
  ]
    .join("\n")
    .trimEnd()}\n`;
};
