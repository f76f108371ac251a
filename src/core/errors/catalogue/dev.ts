import type { ErrorEntry } from "../arguments.ts";

/** Errors of the developer's loop, `cryptlet dev`. */
export const devErrors = {
  DEV_VARS_EXPOSED: {
    kind: "user",
    message: "{file} holds secrets and others than its owner may read it",
    hint: "chmod 600 the file, and change the secrets if others could have seen them.",
    exit: 4,
  },
  DEV_VARS_INVALID: {
    kind: "user",
    message: "{file} does not hold secrets as NAME=value lines: {reason}",
    hint: "One secret a line, named as the manifest names it; # begins a comment. Values are never printed.",
  },
  DEV_SECRETS_MISSING: {
    kind: "user",
    message: "There is no value for {names}, which the manifest of {cryptlet} names",
    hint: "Write NAME=value lines to .dev.vars (chmod 600), or run from a recording, which needs no real value.",
  },
  DEV_SOURCES_MISSING: {
    kind: "unavailable",
    message: "Nothing answers for the sources of {cryptlet}: {reason}",
    hint: "Write a recording by hand into recordings/ (docs/recordings.md), or name one with --replay.",
  },
  CLOCK_REFUSED: {
    kind: "user",
    message: "The market clock cannot be set: {reason}",
    hint: "It only goes on: at most 30 days at a time, up to the year 2099, at speeds from 0 to 3600.",
  },
} as const satisfies Record<string, ErrorEntry>;
