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

/** Index of the quote that ends the string whose content begins at `from`. The text is known to be JSON. */
const endOfString = (text: string, from: number): number => {
  let end = text.indexOf('"', from);
  for (;;) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
};

const isSpace = (code: number): boolean =>
  code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

const keyOf = (text: string, from: number, end: number): string => {
  const raw = text.slice(from, end);
  return raw.includes("\\") ? (JSON.parse(`"${raw}"`) as string) : raw;
};

/**
 * `JSON.parse` keeps the last of two equal keys and other readers the first, so that one signed text could mean two
 * things. This walks text that `JSON.parse` accepted and refuses the second key, and `__proto__`.
 */
const refuseDuplicateKeys = (text: string): void => {
  const open: (Set<string> | null)[] = [];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      const end = endOfString(text, i + 1);
      let next = end + 1;
      while (isSpace(text.charCodeAt(next))) next++;
      if (text.charCodeAt(next) === COLON) {
        const key = keyOf(text, i + 1, end);
        const keys = open.at(-1);
        if (keys?.has(key)) refuse(`the key ${key.slice(0, 40)} stands twice in one object`);
        if (key === "__proto__") refuse("the key __proto__ is not allowed");
        keys?.add(key);
        i = next;
      } else i = end;
    } else if (code === 0x7b) open.push(new Set());
    else if (code === 0x5b) open.push(null);
    else if (code === 0x7d || code === 0x5d) open.pop();
    if (open.length > MAX_DEPTH) refuse(`it nests deeper than ${MAX_DEPTH}`);
  }
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
  refuseDuplicateKeys(text);
  return value;
};
