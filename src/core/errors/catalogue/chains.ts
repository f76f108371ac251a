import type { ErrorEntry } from "../arguments.ts";

/** Endpoints, finality, fees, signers and budgets of chains. */
export const chainErrors = {
  CHAIN_ENDPOINTS_DISAGREE: {
    kind: "unavailable",
    message: "Chain {chain}: its endpoints disagree about {method} ({endpoints})",
    hint: "Nothing is decided meanwhile. cryptlet adapter check shows each endpoint; take out the one that is wrong.",
  },
  CHAIN_FINALITY_UNSUPPORTED: {
    kind: "user",
    message: "Chain {chain} has no {tag} blocks: {reason}",
    hint: 'Set chains[].finality to {"kind": "depth", "depth": n}, or to {"kind": "instant"} where blocks never go away.',
  },
  CHAIN_FEES_TOO_HIGH: {
    kind: "unavailable",
    message: "Chain {chain} asks {asked} wei per gas, the cap is {cap}",
    hint: "Deliveries wait until it is cheaper; raise maxFeePerGas to go on at once.",
  },
  CHAIN_FUNDS_MISSING: {
    kind: "unavailable",
    message: "Account {account} on chain {chain} lacks {missing} wei",
    hint: "Send it that much; deliveries wait and go on by themselves.",
  },
  CHAIN_CHECK_FAILED: {
    kind: "unavailable",
    message: "Not as deliveries need it: {parts}",
    hint: "Each line above says what it is; docs/chains.md says what to do.",
  },
  CHAIN_SIGNER_UNREACHABLE: {
    kind: "unavailable",
    message: "The signer of {account} does not answer: {reason}",
    hint: "Deliveries wait and go on by themselves.",
  },
  CHAIN_SIGNER_REFUSED: {
    kind: "user",
    message: "The signer of {account} refuses: {reason}",
    hint: "401 and 403: its token or our certificate; 404: it has no such key; 412: its signing rules.",
  },
  CHAIN_SIGNER_WRONG: {
    kind: "verification",
    message: "The signer of {account} answered with {reason}",
    hint: "Nothing was sent. Look after the signer: it has another key, or is not what it should be.",
    exit: 12,
  },
  KEYSTORE_UNREADABLE: {
    kind: "user",
    message: "The key file {file} cannot be used: {reason}",
    hint: "It must be Web3 Secret Storage version 3, as cryptlet key create writes it.",
  },
  KEYSTORE_PASSWORD_WRONG: {
    kind: "user",
    message: "The password does not open the key file {file}",
    hint: "Check the variable or file that the password is read from, line ends included.",
    exit: 4,
  },
  KEYSTORE_ADDRESS_WRONG: {
    kind: "user",
    message: "The key file {file} holds account {actual}, not {expected}",
    hint: "Another key than the one that was meant would pay: name the right file or address.",
  },
  BUDGET_EXHAUSTED: {
    kind: "unavailable",
    message:
      "Feed {feed} at {contract} may spend {wei} wei and has not {wanted} left; it goes on at {until}",
    hint: "Its deliveries wait. Raise the binding's budget, or let it publish less often.",
  },
} as const satisfies Record<string, ErrorEntry>;
