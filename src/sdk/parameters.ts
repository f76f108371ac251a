import { guestError } from "./guest-error.ts";
import type { Json } from "./abi.ts";

/** Reads the parameters of a feed, one by one; what was not read is refused at the end. */
export interface ParameterReader {
  /** Text that matches a pattern; `fallback` when it is missing. Throws `PARAMETERS_INVALID`. */
  text(name: string, pattern: RegExp, fallback?: string): string;
  /** One of some words. Throws `PARAMETERS_INVALID`. */
  oneOf<Word extends string>(name: string, words: readonly Word[], fallback?: Word): Word;
  /** Name -> text. Throws `PARAMETERS_INVALID`. */
  texts(name: string): Readonly<Record<string, string>>;
  /** Throws `PARAMETERS_INVALID` for a parameter that nobody asked for. */
  end(): void;
}

const refuse = (path: string, reason: string): Error =>
  guestError("PARAMETERS_INVALID", { path, reason });

/**
 * Reads the parameters of a feed, an object of texts.
 * @example
 * ```ts
 * import { readParameters } from "cryptlet-fabric/sdk";
 *
 * const reader = readParameters({ market: "DE-LU" });
 * console.log(reader.text("market", /^[A-Z-]{2,8}$/)); // DE-LU
 * reader.end();
 * ```
 */
export const readParameters = (parameters: Json): ParameterReader => {
  if (typeof parameters !== "object" || parameters === null || Array.isArray(parameters))
    throw refuse("(whole)", "an object is expected");
  const object = parameters as { readonly [key: string]: Json };
  const seen = new Set<string>();
  const take = (name: string): Json | undefined => {
    seen.add(name);
    return Object.hasOwn(object, name) ? object[name] : undefined;
  };
  return {
    text: (name, pattern, fallback) => {
      const value = take(name) ?? fallback;
      if (typeof value !== "string" || !pattern.test(value))
        throw refuse(name, `text of the form ${pattern.source} is expected`);
      return value;
    },
    oneOf: (name, words, fallback) => {
      const value = take(name) ?? fallback;
      const word = words.find((candidate) => candidate === value);
      if (word === undefined) throw refuse(name, `one of ${words.join(", ")} is expected`);
      return word;
    },
    texts: (name) => {
      const value = take(name);
      const entries =
        typeof value === "object" && value !== null && !Array.isArray(value)
          ? Object.entries(value)
          : [];
      if (entries.length === 0) throw refuse(name, "an object of texts is expected");
      return Object.fromEntries(
        entries.map(([key, inner]: [string, Json]) => {
          if (typeof inner !== "string") throw refuse(`${name}.${key}`, "text is expected");
          return [key, inner];
        }),
      );
    },
    end: () => {
      const extra = Object.keys(object).find((name) => !seen.has(name));
      if (extra !== undefined) throw refuse(extra, "this parameter is not known");
    },
  };
};

/**
 * For a feed without parameters: `{}` or null. Throws `PARAMETERS_INVALID`.
 * @example
 * ```ts
 * import { noParameters } from "cryptlet-fabric/sdk";
 *
 * console.log(noParameters(null)); // {}
 * ```
 */
export const noParameters = (parameters: Json): Readonly<Record<string, never>> => {
  if (parameters !== null) readParameters(parameters).end();
  return {};
};
