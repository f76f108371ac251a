import type { GuestLogLine } from "../../host/enclave.ts";

type Line = Pick<GuestLogLine, "level" | "message">;

/** Host half of `ctx.log` for one run. */
export interface GuestLogger {
  /** False when the run's budget is used up and the line is dropped. */
  write(line: Line): boolean;
}

/** Longest line that is passed on, in characters. */
const MAX_LINE = 1_000;
/** A shorter secret would be found in text by chance. */
const MIN_SECRET = 4;
/** Control characters, which could forge lines of a log or move a terminal's cursor. */
const CONTROL = /[\p{Cc}\p{Cf}\u2028\u2029]+/gu;

/** Bounded, without this Cryptlet's secrets (the host's log hides what looks like one), without control characters. `budget` counts characters of the whole run. */
export const createGuestLogger = (
  budget: number,
  secrets: Readonly<Record<string, string>>,
  forward: (line: Line) => void,
): GuestLogger => {
  const hidden = Object.entries(secrets).filter(([, value]) => value.length >= MIN_SECRET);
  let left = budget;
  return {
    write: ({ level, message }) => {
      if (message.length > left) return false;
      left -= message.length;
      let text = message;
      for (const [name, value] of hidden) text = text.replaceAll(value, `[secret:${name}]`);
      text = text.replaceAll(CONTROL, " ");
      forward({ level, message: text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)}…` : text });
      return true;
    },
  };
};
