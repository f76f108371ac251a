import type { ErrorEntry } from "../arguments.ts";

/** Contracts as a dapp's backend calls them, and headers printed for them. */
export const clientChainErrors = {
  INTERFACE_ADDRESSES_INVALID: {
    kind: "user",
    message: "The addresses cannot be printed: {reason}",
    hint: "Each is a feed of the manifest with its hash, a chain id and one contract on that chain.",
  },
  GATEWAY_FEED_UNKNOWN: {
    kind: "user",
    message: "This gateway has no observation of feed {feedHash} for contracts",
    hint: "Records have no form for contracts, and a feed has none before its first round; /v1/feeds lists hashes.",
    exit: 3,
    status: 404,
  },
  FEED_UPDATE_REFUSED: {
    kind: "verification",
    message: "The newest observation of feed {feed} is not put on chain: {reason}",
    hint: "The reason is a code where the bundle does not verify: cryptlet envelope verify shows each step.",
  },
  CHAIN_LOOKUP_REFUSED: {
    kind: "user",
    message: "Contract {contract} is not answered: {reason}",
    hint: "Contracts, oracles and feeds are answered only as they were told to withCryptlets or cryptletActions.",
    exit: 4,
  },
  CHAIN_LOOKUP_ENDLESS: {
    kind: "user",
    message: "Contract {contract} asks for more after it was given what it asked for",
    hint: "Nothing more is sent. Its rules cannot be met: a shorter age than the feed's heartbeat, or a fault of its own.",
  },
  CHAIN_FEE_REFUSED: {
    kind: "user",
    message:
      "Oracle {oracle} makes the updates of this call cost {wei} wei; at most {limit} may be spent",
    hint: "Set maxFeeWei to what updates of one call may cost together.",
    exit: 4,
  },
  CHAIN_RUNNER_UNABLE: {
    kind: "user",
    message: "The contract's runner, or the client's account, cannot {what}",
    hint: "Connect the contract to a provider to read and to a signer to send; give a wallet client an account.",
  },
  CHAIN_ANSWER_MALFORMED: {
    kind: "unavailable",
    message: "The node did not answer as contracts do: {reason}",
    hint: "Look after the node, and whether the multicall contract has Multicall3's aggregate3Value.",
  },
} as const satisfies Record<string, ErrorEntry>;
