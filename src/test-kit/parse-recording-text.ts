import { fabricError } from "../core/errors/fabric-error.ts";
import type { Json } from "../sdk/abi.ts";
import { findJsonFault } from "../sdk/json-fault.ts";
import { JsonNumber, parseJsonText, type JsonValue } from "../sdk/json-text.ts";

/** JSON text of a value with every number as it was written: `-12.50` stays `-12.50`. */
const toText = (value: JsonValue): string => {
  if (value instanceof JsonNumber) return value.text;
  if (value instanceof Map)
    return `{${[...value].map(([key, inner]) => `${JSON.stringify(key)}:${toText(inner)}`).join(",")}}`;
  if (Array.isArray(value)) return `[${value.map(toText).join(",")}]`;
  return JSON.stringify(value);
};

const toJson = (value: JsonValue): Json => {
  if (value instanceof JsonNumber) return Number(value.text);
  if (value instanceof Map)
    // A key `__proto__` becomes a member like any other, which the schema then refuses.
    return Object.fromEntries([...value].map(([key, inner]) => [key, toJson(inner)]));
  return Array.isArray(value) ? value.map(toJson) : (value as null | boolean | string);
};

/** An exchange with `json` as the body's text, and the media type that goes with it. */
const writeOutBody = (exchange: JsonValue): Json => {
  if (!(exchange instanceof Map) || !exchange.has("json")) return toJson(exchange);
  const { json: _json, ...rest } = toJson(exchange) as Record<string, Json>;
  if (exchange.has("body")) return toJson(exchange);
  return {
    headers: { "content-type": "application/json" },
    ...rest,
    body: toText(exchange.get("json") ?? null),
  };
};

/**
 * The JSON of a recording's file, strictly read; an exchange's `json` is written out as its `body` here, where numbers
 * are still text. Throws `RECORDING_INVALID`.
 */
export const parseRecordingText = (text: string, file: string): Json => {
  let root: JsonValue;
  try {
    root = parseJsonText(text);
  } catch (error) {
    const faults = findJsonFault(text) ?? (error as Error).message;
    throw fabricError("RECORDING_INVALID", { file, faults }, { cause: error });
  }
  if (!(root instanceof Map)) return toJson(root);
  const exchanges = root.get("exchanges");
  const json = toJson(root) as Record<string, Json>;
  return Array.isArray(exchanges) ? { ...json, exchanges: exchanges.map(writeOutBody) } : json;
};
