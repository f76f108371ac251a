import type { ErrorEntry } from "../arguments.ts";

export const frostErrors = {
  FROST_PLAN_INVALID: {
    kind: "user",
    message: "The plan of the group is refused: {reason}",
    hint: "A group has 2 to 32 members and a threshold between 2 and their number; docs/threshold.md shows a plan.",
  },
  FROST_MESSAGE_INVALID: {
    kind: "verification",
    message: "A group message of kind {kind} is refused: {reason}",
    hint: "It was changed on its way or does not belong here. Ask its sender again.",
  },
  FROST_MEMBER_UNKNOWN: {
    kind: "verification",
    message: "{keyid} is no member of the group",
    hint: "Only the keys that the group's plan or record names may speak in it.",
    exit: 12,
  },
  FROST_MEMBER_REFUSED: {
    kind: "verification",
    message: "The member {keyid} is refused: {reason}",
    hint: "Every member shows evidence that this enclave's own group policy accepts; what is not listed there is refused.",
    exit: 13,
  },
  FROST_NOT_ALLOWED: {
    kind: "user",
    message: "This enclave takes no part in the group {group}: {reason}",
    hint: "Load the Cryptlet with `groups` that allow it.",
    exit: 4,
    status: 403,
  },
  FROST_CEREMONY_UNKNOWN: {
    kind: "user",
    message: "There is no key ceremony {ceremony} in this enclave",
    hint: "It ended, or the enclave was started anew: what was not confirmed is lost by intent. Begin another one.",
    exit: 3,
    status: 404,
  },
  FROST_CEREMONY_ORDER: {
    kind: "user",
    message: "The key ceremony {ceremony} is not at this step: {reason}",
    hint: "The steps are join, deal, receive, finish; each is done once.",
    status: 409,
  },
  FROST_CEREMONIES_FULL: {
    kind: "unavailable",
    message: "{limit} key ceremonies are open already",
    hint: "Abandon those that will not be finished.",
  },
  FROST_MESSAGE_MISSING: {
    kind: "unavailable",
    message: "{missing} of {wanted} {kind} messages are missing",
    hint: "Key generation needs every member. Leave out the one that does not answer and begin again.",
  },
  FROST_EQUIVOCATION: {
    kind: "verification",
    message: "The member {member} said two different things where one was asked: {what}",
    hint: "Both messages are signed; keep them as proof and leave the member out.",
  },
  FROST_DEALING_BAD: {
    kind: "verification",
    message: "The dealing of member {member} is wrong: {reason}",
    hint: "Its signed message proves it to anyone. Leave the member out and begin again.",
  },
  FROST_COMPLAINT: {
    kind: "verification",
    message: "{count} member(s) complain about dealings; at fault: {blamed}",
    hint: "Judge each complaint with judgeComplaint: it names the dealer or the one who complained wrongly. Leave that member out and begin again.",
  },
  FROST_KEY_UNUSABLE: {
    kind: "unavailable",
    message: "The group's key cannot be checked by ecrecover",
    hint: "Its x coordinate is not below the group's order, as happens once in 2^128. Begin again.",
  },
  FROST_RECORD_INVALID: {
    kind: "verification",
    message: "The group record is refused: {reason}",
    hint: "Every member must have signed exactly the statement that it carries.",
  },
  FROST_GROUP_UNKNOWN: {
    kind: "user",
    message: "This enclave holds no share of {group} in epoch {epoch}",
    hint: "Shares end with their epoch; ask for the group's newest one.",
    exit: 3,
    status: 404,
  },
  FROST_EPOCH_WRONG: {
    kind: "verification",
    message: "The group {group} is in epoch {actual}, not in {asked}",
    hint: "Shares and commitments of two epochs never mix; use the newest record.",
  },
  FROST_NONCE_UNKNOWN: {
    kind: "unavailable",
    message: "The nonce {nonce} is not held: it was used, or was made before the enclave started",
    hint: "A nonce signs once and never leaves memory. Ask for a new commitment.",
  },
  FROST_NONCES_FULL: {
    kind: "unavailable",
    message: "More than {limit} nonces at once",
    hint: "Ask for fewer commitments.",
  },
  FROST_COMMITMENTS_INVALID: {
    kind: "verification",
    message: "The commitments are refused: {reason}",
    hint: "k to n members, one commitment each, all of this group, epoch and ceremony.",
  },
  FROST_SHARE_BAD: {
    kind: "verification",
    message: "The signature share of member {members} is wrong",
    hint: "The signed share and the signed commitments prove it to anyone; sign again without the member.",
  },
  FROST_AGGREGATION_FAILED: {
    kind: "verification",
    message: "The shares give no signature: {reason}",
    hint: "Sign again with new commitments.",
  },
  FROST_ROUND_SIGNED: {
    kind: "verification",
    message: "The enclave gave a share for another statement of round {round} of {feed}",
    hint: "One statement per round. The same statement may be signed again with new nonces.",
  },
  FROST_NOTHING_TO_SIGN: {
    kind: "user",
    message: "The statement of {feed} has no on-chain form",
    hint: "A group signs the ABI tuple; records have none.",
  },
} as const satisfies Record<string, ErrorEntry>;
