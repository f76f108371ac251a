import { guestError } from "./guest-error.ts";

// Looked at: JSON.parse (rounds numbers, keeps the last of two equal keys) and lossless-json 4.3 (keeps number text,
// but accepts a repeated key when the values are equal, and recurses without a bound).

/** A JSON number as its text: `1.10` stays `1.10`. */
export class JsonNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Objects are maps, so that no key can touch a prototype. */
export type JsonValue =
  | null
  | boolean
  | string
  | JsonNumber
  | readonly JsonValue[]
  | ReadonlyMap<string, JsonValue>;

/** Longest text in UTF-16 code units, and deepest nesting. */
const MAX_LENGTH = 1_048_576;
const MAX_DEPTH = 32;

const BLANKS = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const WORD = /true|false|null/y;
/** What may stand in a string as it is: no control character, quote or backslash (RFC 8259 section 7). */
const PLAIN_CHARACTERS = /[ !#-[\]-\uffff]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/**
 * Reads JSON (RFC 8259) strictly: numbers stay text, a key may stand once in an object, at most 1 MiB and 32 levels.
 * Throws `JSON_INVALID`, `JSON_DUPLICATE_KEY`.
 * @example
 * ```ts
 * import { parseJsonText } from "cryptlet-fabric/sdk";
 *
 * console.log(typeof parseJsonText('{"price":-12.50}')); // object
 * ```
 */
export const parseJsonText = (text: string): JsonValue => {
  if (text.length > MAX_LENGTH)
    throw guestError("JSON_INVALID", {
      position: MAX_LENGTH,
      reason: "the text goes on for too long",
    });
  let position = 0;
  const refuse = (reason: string) => guestError("JSON_INVALID", { position, reason });
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = position;
    const found = pattern.exec(text)?.[0] ?? null;
    if (found !== null) position += found.length;
    return found;
  };
  const skip = (character: string): boolean => {
    take(BLANKS);
    if (text[position] !== character) return false;
    position += 1;
    return true;
  };
  const string = (): string | null => {
    if (text[position] !== '"') return null;
    const start = position;
    position += 1;
    let escaped = false;
    for (;;) {
      take(PLAIN_CHARACTERS);
      if (text[position] === '"') break;
      if (take(ESCAPE) === null)
        throw refuse("the text in quotes breaks off or holds a bad character");
      escaped = true;
    }
    position += 1;
    return escaped
      ? (JSON.parse(text.slice(start, position)) as string)
      : text.slice(start + 1, position - 1);
  };
  const members = (depth: number): JsonValue => {
    const object = new Map<string, JsonValue>();
    if (skip("}")) return object;
    do {
      take(BLANKS);
      const key = string();
      if (key === null) throw refuse("a quoted key should stand here");
      if (object.has(key)) throw guestError("JSON_DUPLICATE_KEY", { key: key.slice(0, 64) });
      if (!skip(":")) throw refuse("a colon should stand here");
      object.set(key, value(depth));
    } while (skip(","));
    if (!skip("}")) throw refuse("a comma or } should stand here");
    return object;
  };
  const elements = (depth: number): JsonValue => {
    const list: JsonValue[] = [];
    if (skip("]")) return list;
    do list.push(value(depth));
    while (skip(","));
    if (!skip("]")) throw refuse("a comma or ] should stand here");
    return list;
  };
  const value = (depth: number): JsonValue => {
    if (depth > MAX_DEPTH) throw refuse("the nesting is too deep");
    if (skip("{")) return members(depth + 1);
    if (skip("[")) return elements(depth + 1);
    const quoted = string();
    if (quoted !== null) return quoted;
    const number = take(NUMBER);
    if (number !== null) return new JsonNumber(number);
    const word = take(WORD);
    if (word === null) throw refuse("a value should stand here");
    return word === "null" ? null : word === "true";
  };
  const whole = value(0);
  take(BLANKS);
  if (position < text.length) throw refuse("something stands behind the value");
  return whole;
};
