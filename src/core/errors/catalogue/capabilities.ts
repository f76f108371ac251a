import type { ErrorEntry } from "../arguments.ts";

/** What a capability refuses with. */
export const capabilityErrors = {
  STATE_QUOTA: {
    kind: "unavailable",
    message: "The state would have {size} {unit}, {limit} are granted",
    hint: "capabilities.state of cryptlet.json sets maxBytes and maxKeys; delete what is no longer needed.",
  },
  STATE_READ_ONLY: {
    kind: "user",
    message: "A Cryptlet that another one called does not change its state",
    hint: "State changes belong to runs that are signed; give the Cryptlet a feed of its own.",
  },
  STATE_UNAVAILABLE: {
    kind: "unavailable",
    message: "The state of {cryptlet} cannot be reached: {reason}",
    hint: "The host keeps sealed states in its database; look at its log.",
  },
  STATE_CONFLICT: {
    kind: "unavailable",
    message: "Another run of {cryptlet} changed its state first",
    hint: "Nothing of this run was applied or signed; run it again, it then sees the newer state.",
  },
  STATE_REFUSED: {
    kind: "verification",
    message: "The stored state of {cryptlet} is refused: {reason}",
    hint: "It was changed, is older than one that was seen, or belongs to another measurement or platform.",
    exit: 13,
  },
  CHAIN_READ_REFUSED: {
    kind: "user",
    message: "The manifest does not allow this read of {chain}: {reason}",
    hint: "capabilities.chains of cryptlet.json names contracts, selectors and events.",
    exit: 4,
    status: 403,
  },
  CHAIN_UNKNOWN: {
    kind: "user",
    message: "The host has no endpoint of the chain {chain}",
    hint: "Name one in the host's configuration.",
  },
  CHAIN_UNAVAILABLE: {
    kind: "unavailable",
    message: "The chain {chain} cannot be read: {reason}",
    hint: "Its endpoints are away or answer for another chain; try later.",
  },
  CHAIN_NO_QUORUM: {
    kind: "unavailable",
    message: "{agreed} endpoints of {chain} agree, {needed} are demanded",
    hint: "They see different blocks or one of them is wrong; the next run may find them agreed.",
  },
  CHAIN_RESULT_TOO_LARGE: {
    kind: "unavailable",
    message: "A result of {chain} has more than {limit} bytes",
    hint: "Ask for fewer blocks or raise maxResultBytes in cryptlet.json.",
  },
  CALL_REFUSED: {
    kind: "user",
    message: "The call to {cryptlet} is refused: {reason}",
    hint: "capabilities.calls names the Cryptlets that may be called; they must be loaded, and no call may come back to its caller.",
  },
  CALL_FAILED: {
    kind: "unavailable",
    message: "The called Cryptlet {cryptlet} ended with {code}",
    hint: "Look at its own run in the log.",
  },
} as const satisfies Record<string, ErrorEntry>;
