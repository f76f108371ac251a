import { fabricError } from "../core/errors/fabric-error.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Deepest nesting that is read. */
const MAX_DEPTH = 64;

const refuse = (reason: string): never => {
  throw fabricError("JSON_MALFORMED", { reason });
};

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** Index of the quote that ends the string whose content begins at `from`; the text is known to be JSON. */
const endOfString = (text: string, from: number): number => {
  let end = text.indexOf('"', from);
  for (;;) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
};

/** Members that the text writes: colons outside of strings. */
const countWritten = (text: string): number => {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) i = endOfString(text, i + 1);
    else if (code === COLON) count++;
  }
  return count;
};

/** Members that the parsed value kept. */
const countKept = (value: unknown, depth: number): number => {
  if (typeof value !== "object" || value === null) return 0;
  if (depth === 0) return refuse(`it nests deeper than ${MAX_DEPTH}`);
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countKept(item, depth - 1);
    return count;
  }
  for (const key of Object.keys(value)) {
    if (key === "__proto__") return refuse("the key __proto__ is not allowed");
    count += 1 + countKept((value as Readonly<Record<string, unknown>>)[key], depth - 1);
  }
  return count;
};

const toText = (bytes: Uint8Array): string => {
  try {
    return decoder.decode(bytes);
  } catch {
    return refuse("it is not UTF-8");
  }
};

/**
 * Parse JSON that came from outside: bounded, UTF-8 without byte order mark, no key twice in one object.
 * Throws `INPUT_TOO_LARGE`, `JSON_MALFORMED`.
 */
export const parseStrictJson = (
  input: Uint8Array | string,
  { limit, what }: { readonly limit: number; readonly what: string },
): unknown => {
  if (input.length > limit)
    throw fabricError("INPUT_TOO_LARGE", { what, size: input.length, limit });
  const text = typeof input === "string" ? input : toText(input);
  let value: unknown;
  try {
    value = JSON.parse(text) as unknown;
  } catch {
    return refuse("it does not parse");
  }
  // `JSON.parse` keeps the last of two equal keys and other readers the first, so that one signed text could mean two
  // things. A key that stands twice is written twice and kept once.
  if (countWritten(text) !== countKept(value, MAX_DEPTH))
    refuse("a key stands twice in one object");
  return value;
};
