import { fabricError } from "../../../src/core/errors/fabric-error.ts";
import { canonicalJson } from "../../../src/envelope/canonical-json.ts";
import { WALL } from "../../protocol/limits.ts";

// The line protocol of lane process, one JSON object a line, UTF-8:
//   enclave -> program  {"trigger": TriggerInput}           once, first
//   program -> enclave  {"call": HostCall}                  then it waits
//   enclave -> program  {"answer": HostAnswer}
//   program -> enclave  {"outcome": RunOutcome}             once, last

/** What a program may say. */
export interface ProgramFrame {
  readonly kind: "call" | "outcome";
  /** Canonical JSON: the order in which a language's maps happen to be walked through is no difference in a replay. */
  readonly text: string;
}

/** Longest line of a program in bytes: the longest call or outcome, every character at its longest in UTF-8. */
export const MAX_LINE_BYTES = 3 * Math.max(WALL.callCharacters, WALL.outcomeCharacters) + 64;

const refuse = (reason: string) => fabricError("GUEST_PROTOCOL", { reason });

/** Reads one line of a program. Throws `GUEST_PROTOCOL`, `GUEST_ANSWER_TOO_LARGE`. */
export const readProgramLine = (line: Uint8Array, outcomeCharacters: number): ProgramFrame => {
  let frame: unknown;
  try {
    frame = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(line));
  } catch {
    throw refuse("a line that is not JSON");
  }
  if (typeof frame !== "object" || frame === null || Array.isArray(frame))
    throw refuse("a line that is no object");
  const [[kind, content] = [undefined], ...others] = Object.entries(frame);
  if ((kind !== "call" && kind !== "outcome") || others.length > 0)
    throw refuse("a line that holds neither one call nor one outcome");
  const text = write(content);
  if (kind === "call" && text.length > WALL.callCharacters)
    throw refuse("the host call is too large");
  if (kind === "outcome" && text.length > outcomeCharacters)
    throw fabricError("GUEST_ANSWER_TOO_LARGE", { size: text.length, limit: outcomeCharacters });
  return { kind, text };
};

/** Nesting that no stack holds, and halves of surrogate pairs, have no canonical text. */
const write = (content: unknown): string => {
  try {
    return canonicalJson(content);
  } catch {
    throw refuse("a line that has no canonical form");
  }
};

/** The line that begins a run, and the one that answers a call; both take JSON text. */
export const triggerLine = (text: string): string => `{"trigger":${text}}\n`;
/** @see triggerLine */
export const answerLine = (text: string): string => `{"answer":${text}}\n`;
