import { fabricError } from "../core/errors/fabric-error.ts";

const TOKEN = /^[A-Za-z0-9_-]+$/;
const MAX_LENGTH = 255;

/** Throws `BUS_SUBJECT_INVALID` unless `subject` can be published to: tokens without wildcards. */
export const checkSubject = (subject: string): void => {
  const reason = faultOf(subject, false);
  if (reason !== null)
    throw fabricError("BUS_SUBJECT_INVALID", { subject: subject.slice(0, 100), reason });
};

/** Throws `BUS_SUBJECT_INVALID` unless `filter` is tokens, `*` in place of one, or a last `>`. */
export const checkFilter = (filter: string): void => {
  const reason = faultOf(filter, true);
  if (reason !== null)
    throw fabricError("BUS_SUBJECT_INVALID", { subject: filter.slice(0, 100), reason });
};

const faultOf = (text: string, wildcards: boolean): string | null => {
  if (text.length > MAX_LENGTH) return `longer than ${MAX_LENGTH} characters`;
  const tokens = text.split(".");
  for (const [i, token] of tokens.entries()) {
    if (token === "") return "an empty token";
    if (wildcards && token === "*") continue;
    if (wildcards && token === ">") {
      if (i < tokens.length - 1) return "> before the end";
      continue;
    }
    if (!TOKEN.test(token)) return "a character that is no letter, digit, - or _";
  }
  return null;
};

/**
 * Whether a filter takes a subject.
 * @example
 * ```ts
 * matchesSubject("cryptlet.*.gold", "cryptlet.feed.gold"); // true
 * ```
 */
export const matchesSubject = (filter: string, subject: string): boolean => {
  const wanted = filter.split(".");
  const tokens = subject.split(".");
  for (const [i, token] of wanted.entries()) {
    if (token === ">") return tokens.length > i;
    if (i >= tokens.length) return false;
    if (token !== "*" && token !== tokens[i]) return false;
  }
  return tokens.length === wanted.length;
};

/** Whether some subject is taken by both filters. */
export const overlapping = (a: string, b: string): boolean => {
  const left = a.split(".");
  const right = b.split(".");
  for (let i = 0; ; i += 1) {
    const one = left[i];
    const other = right[i];
    if (one === undefined || other === undefined) return one === other;
    if (one === ">" || other === ">") return true;
    if (one !== "*" && other !== "*" && one !== other) return false;
  }
};
