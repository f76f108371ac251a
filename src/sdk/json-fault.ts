import { isGuestError } from "./guest-error.ts";
import { parseJsonText } from "./json-text.ts";

/**
 * Where and why a text is no JSON, for the person who wrote it: `line 3, column 5: a comma or } should stand here`.
 * Null for JSON without a key that stands twice. The same on every version of Node, whose own words differ.
 */
export const findJsonFault = (text: string): string | null => {
  try {
    parseJsonText(text);
    return null;
  } catch (error) {
    if (!isGuestError(error, "JSON_INVALID")) return (error as Error).message;
    const { position, reason } = error.arguments;
    const before = text.slice(0, Number(position)).split("\n");
    return `line ${before.length}, column ${(before.at(-1) ?? "").length + 1}: ${String(reason)}`;
  }
};
