import type { ErrorEntry } from "../arguments.ts";

export const registryErrors = {
  RELEASE_NAME_INVALID: {
    kind: "user",
    message: "{text} names no release",
    hint: "A release is written name@version, for example gold-price@1.2.0; build metadata after a + is not allowed.",
  },
  RELEASE_INVALID: {
    kind: "verification",
    message: "the package statement is not well-formed: {reason}",
    hint: "It was signed by another version of this tool, or it is damaged. Publish with cryptlet publish.",
  },
} as const satisfies Record<string, ErrorEntry>;
