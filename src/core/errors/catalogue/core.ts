import type { ErrorEntry } from "../arguments.ts";

export const coreErrors = {
  INTERNAL: {
    kind: "internal",
    message: "Unexpected failure: {reason}",
    hint: "This is a defect of the fabric. Please report it with the log lines around it.",
  },
  INTERRUPTED: {
    kind: "user",
    message: "{what} was interrupted",
    hint: "Nothing was left half-done; start it again.",
    exit: 130,
    status: 499,
  },
  CONFIG_INVALID: {
    kind: "user",
    message: "The configuration has {count} fault(s):\n{faults}",
    hint: "Mend every line above; docs/config.md lists each setting.",
  },
  CONFIG_UNREADABLE: {
    kind: "user",
    message: "The configuration file {file} cannot be read: {reason}",
    hint: "Check the path and that the file is JSON.",
  },
  DECIMAL_INVALID: {
    kind: "user",
    message: "{text} is not a decimal number",
    hint: "Write an optional minus sign, digits and at most one point, for example -12.50.",
  },
} as const satisfies Record<string, ErrorEntry>;
