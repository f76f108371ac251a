import type { ErrorEntry } from "../arguments.ts";

/** Errors that a Cryptlet's author meets: scaffolding, recordings, tests, checks of the source, the developer's loop. */
export const authoringErrors = {
  RECORDING_INVALID: {
    kind: "user",
    message: "The recording {file} is refused:\n{faults}",
    hint: "docs/recordings.md has the whole format and an example to copy.",
  },
  RECORDING_HOLDS_SECRET: {
    kind: "user",
    message: "The recording {file} is not written: {where} repeats a secret",
    hint: "Recordings are files that others read. Record from an account whose answers name no secret.",
  },
  SOURCE_MAP_INVALID: {
    kind: "user",
    message: "The source map is refused: {reason}",
    hint: "Build the package again: `cryptlet build` writes code and map together.",
  },
} as const satisfies Record<string, ErrorEntry>;
