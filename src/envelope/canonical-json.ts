import { fabricError } from "../core/errors/fabric-error.ts";

const LONE_SURROGATE = /\p{Surrogate}/u;

const refuse = (reason: string): never => {
  throw fabricError("JSON_MALFORMED", { reason });
};

const quote = (text: string): string =>
  LONE_SURROGATE.test(text) ? refuse("it holds half of a surrogate pair") : JSON.stringify(text);

const writeObject = (value: Readonly<Record<string, unknown>>): string => {
  let text = "{";
  for (const key of Object.keys(value).toSorted())
    if (value[key] !== undefined)
      text += `${text === "{" ? "" : ","}${quote(key)}:${canonicalJson(value[key])}`;
  return `${text}}`;
};

/**
 * The one text of a JSON value (RFC 8785): keys in UTF-16 order, no white space, shortest numbers.
 * Keys with `undefined` are left out. Throws `JSON_MALFORMED` for what JSON cannot say.
 */
export const canonicalJson = (value: unknown): string => {
  switch (typeof value) {
    case "string":
      return quote(value);
    case "number":
      return Number.isFinite(value) ? JSON.stringify(value) : refuse("a number is not finite");
    case "boolean":
      return value ? "true" : "false";
    case "object":
      if (value === null) return "null";
      if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
      return writeObject(value as Readonly<Record<string, unknown>>);
    default:
      return refuse(`a ${typeof value} has no JSON form`);
  }
};
