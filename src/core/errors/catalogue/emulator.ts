import type { ErrorEntry } from "../arguments.ts";

/** Errors of the provider emulator. */
export const emulatorErrors = {
  SERIES_UNREADABLE: {
    kind: "user",
    message: "The price series {file} cannot be used: {reason}",
    hint: "The first line is Date,Price; every other line a date YYYY-MM or YYYY-MM-DD and a price.",
  },
  PRICE_REFUSED: {
    kind: "user",
    message: "{text} is not a price that the emulator can serve",
    hint: "Give a positive decimal number of USD per troy ounce below 10^12.",
  },
} as const satisfies Record<string, ErrorEntry>;
