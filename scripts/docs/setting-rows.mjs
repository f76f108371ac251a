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
    if (high === undefined && schema.minimum === undefined) return schema.type;
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

/** Rows of a table with every path of a JSON Schema: path, type, default, meaning. */
export const settingRows = (schema) => unique(rowsOf(schema, ""));
