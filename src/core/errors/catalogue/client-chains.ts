import type { ErrorEntry } from "../arguments.ts";

/** Contracts as a dapp's backend calls them, and headers printed for them. */
export const clientChainErrors = {
  INTERFACE_ADDRESSES_INVALID: {
    kind: "user",
    message: "The addresses cannot be printed: {reason}",
    hint: "Each is a feed of the manifest with its hash, a chain id and one contract on that chain.",
  },
} as const satisfies Record<string, ErrorEntry>;
