import type { ErrorEntry } from "../arguments.ts";

/** What happens between a signed transaction and its final block. */
export const submissionErrors = {
  CHAIN_NONCE_DOUBTFUL: {
    kind: "unavailable",
    message:
      "Chain {chain} says that the account has sent {said} transactions; {expected} are on record",
    hint: "Nothing is signed until the chain has said so for some seconds, or takes it back. An endpoint may lie or be another chain's.",
  },
  CHAIN_FINALITY_BROKEN: {
    kind: "verification",
    message:
      "Chain {chain} replaced {depth} blocks, and with them deliveries that counted as final",
    hint: "They are on their way again. Set a deeper finality for this chain: it promised more than it kept.",
  },
} as const satisfies Record<string, ErrorEntry>;
