import { isGuestError, toRefusal } from "../../../src/sdk/guest-error.ts";
import { JsonNumber, parseJsonText, type JsonValue } from "../../../src/sdk/json-text.ts";

/** Operations of the JSON contract, the first byte of its input. */
export const JSON_QUERY = { get: 1, quote: 2 } as const;

/** Kinds of a value, the first byte of an answer. `invalid`: the rest is the JSON of a `GuestRefusal`. */
export const JSON_KIND = {
  missing: 0,
  null: 1,
  false: 2,
  true: 3,
  number: 4,
  text: 5,
  list: 6,
  object: 7,
  invalid: 255,
} as const;

type Kind = (typeof JSON_KIND)[keyof typeof JSON_KIND];

const HEADER_BYTES = 5;
const encoder = new TextEncoder();
/** Ill-formed bytes become U+FFFD, as in every lane where text crosses. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * JSON for Solidity, strict and without floats: the reader of the SDK behind bytes.
 * `get`: `01`, length of a JSON pointer (RFC 6901) in 4 bytes, pointer, JSON text; gives kind, count of elements in 4
 * bytes, then text as decoded, number as written, list or object as JSON. `quote`: `02`, text; gives a JSON string.
 * Pure. Null for input that has not this form.
 * @example
 * ```ts
 * answerJsonQuery(bytes); // 04 00000000 "4165.20"
 * ```
 */
export const answerJsonQuery = (input: Uint8Array): Uint8Array | null => {
  const [operation] = input;
  if (operation === JSON_QUERY.quote)
    return answer(JSON_KIND.text, 0, JSON.stringify(decoder.decode(input.subarray(1))));
  if (operation !== JSON_QUERY.get || input.length < HEADER_BYTES) return null;
  const pointerBytes = new DataView(input.buffer, input.byteOffset).getUint32(1);
  const textAt = HEADER_BYTES + pointerBytes;
  if (textAt > input.length) return null;
  const pointer = decoder.decode(input.subarray(HEADER_BYTES, textAt));
  try {
    return describe(follow(parseJsonText(decoder.decode(input.subarray(textAt))), pointer));
  } catch (error) {
    if (!isGuestError(error)) throw error;
    return answer(JSON_KIND.invalid, 0, JSON.stringify(toRefusal(error)));
  }
};

const answer = (kind: Kind, count: number, text: string): Uint8Array => {
  const body = encoder.encode(text);
  const bytes = new Uint8Array(HEADER_BYTES + body.length);
  bytes[0] = kind;
  new DataView(bytes.buffer).setUint32(1, count);
  bytes.set(body, HEADER_BYTES);
  return bytes;
};

const follow = (root: JsonValue, pointer: string): JsonValue | undefined => {
  if (pointer === "") return root;
  if (!pointer.startsWith("/")) return undefined;
  let value: JsonValue | undefined = root;
  for (const part of pointer.slice(1).split("/")) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (value instanceof Map) value = value.get(name);
    else if (Array.isArray(value) && /^(?:0|[1-9]\d{0,9})$/.test(name))
      value = (value as readonly JsonValue[])[Number(name)];
    else return undefined;
  }
  return value;
};

const describe = (value: JsonValue | undefined): Uint8Array => {
  if (value === undefined) return answer(JSON_KIND.missing, 0, "");
  if (value === null) return answer(JSON_KIND.null, 0, "null");
  if (typeof value === "boolean")
    return answer(value ? JSON_KIND.true : JSON_KIND.false, 0, String(value));
  if (typeof value === "string") return answer(JSON_KIND.text, value.length, value);
  if (value instanceof JsonNumber) return answer(JSON_KIND.number, 0, value.text);
  if (value instanceof Map) return answer(JSON_KIND.object, value.size, write(value));
  return answer(JSON_KIND.list, (value as readonly JsonValue[]).length, write(value));
};

/** JSON text with its numbers as they were written. */
const write = (value: JsonValue): string => {
  if (value instanceof JsonNumber) return value.text;
  if (value instanceof Map)
    return `{${[...(value as ReadonlyMap<string, JsonValue>)].map(([key, item]) => `${JSON.stringify(key)}:${write(item)}`).join(",")}}`;
  if (Array.isArray(value)) return `[${value.map((item: JsonValue) => write(item)).join(",")}]`;
  return JSON.stringify(value);
};
