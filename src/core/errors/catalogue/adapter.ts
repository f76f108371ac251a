import type { ErrorEntry } from "../arguments.ts";

export const adapterErrors = {
  CHAIN_UNREACHABLE: {
    kind: "unavailable",
    message: "Chain {chain} does not answer: {reason}",
    hint: "Check that the node runs and that its URL is right; deliveries wait and go on by themselves.",
  },
  CHAIN_MISMATCH: {
    kind: "user",
    message: "Chain {chain} says it is {actual}, the configuration says {expected}",
    hint: "Correct chainId or rpcUrl: nothing is signed for a chain that was not meant.",
  },
  CHAIN_REFUSED: {
    kind: "unavailable",
    message: "Chain {chain} refused {method}: {reason}",
    hint: "The node's own words are above; a node that lacks the method cannot be used.",
  },
  DELIVERY_INVALID: {
    kind: "internal",
    message: "Delivery {delivery} cannot be put on a chain: {reason}",
    hint: "The message is not an observation of this chain's form. Please report it.",
  },
  DELIVERY_ABANDONED: {
    kind: "unavailable",
    message: "Delivery {delivery} did not land after {attempts} transactions",
    hint: "Look at the account's balance and the chain's fees, then deliver the round again.",
  },
  DELIVERY_OVERTAKEN: {
    kind: "verification",
    message: "Delivery {delivery} was overtaken by round {newest} before it was sent",
    hint: "Nothing to do: its binding asks for the latest round only.",
    exit: 15,
  },
  TRANSACTION_REVERTED: {
    kind: "verification",
    message: "Transaction {transaction} was reverted",
    hint: "The contract's state changed between check and inclusion; cryptlet feed get shows what it holds now.",
  },
  EVENT_MISSING: {
    kind: "verification",
    message: "Transaction {transaction} landed without the event of round {round}",
    hint: "The address is not a feed of this product, or not the one that was meant.",
  },
  ARTIFACT_MISSING: {
    kind: "user",
    message: "There is no compiled contract {name}",
    hint: "Run npm run build: it compiles contracts/ into dist/contracts.",
  },
  DEPLOYMENT_FAILED: {
    kind: "user",
    message: "{what} was not deployed: {reason}",
    hint: "Check addresses and chain, and that the account may do this and can pay for it.",
  },
  ONCHAIN_REFUSED: {
    kind: "verification",
    message: "Contract {contract} refuses with {reason}",
    hint: "The contract's error is not one of this product: check the address.",
  },
  ONCHAIN_FEED_UNKNOWN: {
    kind: "verification",
    message: "Contract {contract} has no feed {feed}",
    hint: "Register the feed, or correct the address in the configuration.",
    exit: 3,
  },
  ONCHAIN_LENGTH_WRONG: {
    kind: "verification",
    message: "The contract expects {expected} bytes and got {actual}",
    hint: "Payload, signatures or calldata were cut or padded.",
  },
  ONCHAIN_FEED_WRONG: {
    kind: "verification",
    message: "The message speaks of feed {feed}, which is not this contract's",
    hint: "Bind the feed to its own contract.",
  },
  ONCHAIN_VALUE_OUT_OF_RANGE: {
    kind: "verification",
    message: "The value {value} does not fit 80 bits",
    hint: "Declare fewer decimals for the feed.",
  },
  ONCHAIN_NUMBER_OUT_OF_RANGE: {
    kind: "verification",
    message: "Round or time {number} does not fit 32 bits",
    hint: "Rounds and seconds since 1970 up to 4294967295 can be stored.",
  },
  ONCHAIN_ROUND_EXISTS: {
    kind: "verification",
    message: "Round {round} is on chain already",
    hint: "Nothing to do: somebody delivered it before.",
  },
  ONCHAIN_ROUND_OLD: {
    kind: "verification",
    message: "Round {round} is older than round {latest}, which is on chain",
    hint: "Nothing to do: a newer round has overtaken it.",
    exit: 15,
  },
  ONCHAIN_ROUND_TOO_FAR: {
    kind: "verification",
    message: "Round {round} is too far ahead of round {latest}, which is on chain",
    hint: "No feed makes so many rounds in that time: look after the key that signed it.",
  },
  ONCHAIN_TIME_NOT_INCREASING: {
    kind: "verification",
    message: "The sources' time {observedAt} is not after {latest}, which is on chain",
    hint: "Nothing to do: a newer observation has overtaken it.",
    exit: 15,
  },
  ONCHAIN_FUTURE_DATED: {
    kind: "verification",
    message: "The sources' time {observedAt} is ahead of the chain's {blockTime}",
    hint: "Check the clocks of source, host and chain.",
    exit: 15,
  },
  ONCHAIN_OBSERVATION_EXPIRED: {
    kind: "verification",
    message: "The observation was valid until {validUntil}; the chain's time is {blockTime}",
    hint: "It came too late. The next round is on its way.",
    exit: 15,
  },
  ONCHAIN_UNDER_SIGNED: {
    kind: "verification",
    message: "{signatures} signatures, and the feed needs {threshold}",
    hint: "More of the feed's enclaves must sign.",
    exit: 10,
  },
  ONCHAIN_SIGNATURE_MALLEABLE: {
    kind: "verification",
    message: "Signature {position} has its s in the upper half",
    hint: "Only the lower of the two forms of a signature is accepted (EIP-2).",
  },
  ONCHAIN_SIGNATURE_INVALID: {
    kind: "verification",
    message: "Signature {position} is not one of any key",
    hint: "It was altered, or is not r, s, v with v 27 or 28.",
  },
  ONCHAIN_SIGNER_UNKNOWN: {
    kind: "verification",
    message: "The signature is of {signer}, a key that nobody attested",
    hint: "A message that was altered after it was signed ends here too.",
    exit: 12,
  },
  ONCHAIN_SIGNER_DUPLICATE: {
    kind: "verification",
    message: "The key {signer} signed twice",
    hint: "Each signature must be of another key.",
  },
  ONCHAIN_KEY_NOT_ACTIVE: {
    kind: "verification",
    message: "The key {signer} is {status}",
    hint: "It was taken out of use; another attested key must sign.",
    exit: 12,
  },
  ONCHAIN_KEY_EXPIRED: {
    kind: "verification",
    message: "The attestation of key {signer} ended at {notAfter}",
    hint: "Have the enclave appraised again and register the result.",
    exit: 13,
  },
  ONCHAIN_WORKLOAD_WRONG: {
    kind: "verification",
    message: "The key {signer} is attested for workload {workload}, which is not this feed's",
    hint: "Another version of the Cryptlet signed: set the feed's workload or run the right one.",
    exit: 13,
  },
  ONCHAIN_HARDWARE_REQUIRED: {
    kind: "verification",
    message: "The key {signer} is SIMULATED and the feed demands hardware",
    hint: "Run the Cryptlet on hardware, or register the feed without this demand.",
    exit: 13,
  },
  ONCHAIN_SIGNER_NOT_ADMITTED: {
    kind: "verification",
    message: "The key {signer} is attested but not admitted to this feed",
    hint: "Add it to the feed's signers.",
    exit: 12,
  },
  ONCHAIN_SIGNER_SET_STALE: {
    kind: "verification",
    message: "The feed's signer set has changed, or has too few keys left",
    hint: "Look at signerSet of the feed; refreshSigners reads the keys again.",
    exit: 12,
  },
  ONCHAIN_NOT_ALLOWED: {
    kind: "verification",
    message: "{caller} may not do this",
    hint: "Use the account that holds the role.",
    exit: 4,
  },
  ONCHAIN_SIGNER_SET_BAD: {
    kind: "verification",
    message: "The signer set is not 1 to 32 strictly ascending addresses with a threshold within",
    hint: "Sort the addresses and check the threshold.",
  },
} as const satisfies Record<string, ErrorEntry>;
