import type { ErrorEntry } from "../arguments.ts";

/** Of batches: many feeds under one signature. */
export const batchErrors = {
  BATCH_MEMBER_UNKNOWN: {
    kind: "user",
    message: "Batch {batch} has no member {feed}",
    hint: "Ask for one of the feeds that the configuration lists under this batch.",
    exit: 3,
    status: 404,
  },
  BATCH_REFUSED: {
    kind: "verification",
    message: "The enclave does not sign batch {batch}: {reason}",
    hint: "A batch holds only observations that its own Cryptlet's keys signed and that are still valid.",
  },
  BATCH_EMPTY: {
    kind: "unavailable",
    message: "Batch {batch} has nothing to say: no member has a round that is valid",
    hint: "Nothing to do: it is made as soon as a member feed has published.",
  },
  BATCH_MEMBER_MISSING: {
    kind: "user",
    message: "Batch {batch} lists {feed}, which is {reason}",
    hint: "All members of a batch are decimal feeds of the one Cryptlet whose keys sign it.",
  },
  BATCH_FORM_WRONG: {
    kind: "user",
    message: "Feed {feed} is bound in the form {form}: {reason}",
    hint: "form single is for feeds; stored, packed and root are for batches.",
  },
  ONCHAIN_BATCH_EXISTS: {
    kind: "verification",
    message: "The batch issued at {issuedAt} is on chain already",
    hint: "Nothing to do.",
  },
  ONCHAIN_BATCH_OLD: {
    kind: "verification",
    message: "The batch issued at {issuedAt} is older than the one of {latest} on chain",
    hint: "Nothing to do: what it says that is newer comes with the next batch.",
    exit: 15,
  },
  ONCHAIN_BATCH_FORM_WRONG: {
    kind: "verification",
    message: "The contract keeps batches in another form",
    hint: "Bind the batch in the form that its contract was deployed with.",
  },
  ONCHAIN_BATCH_MALFORMED: {
    kind: "verification",
    message: "The contract refuses the batch at {position}",
    hint: "Its items are out of order, of no member, or not those that were signed.",
  },
} as const satisfies Record<string, ErrorEntry>;
