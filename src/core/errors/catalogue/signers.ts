import type { ErrorEntry } from "../arguments.ts";

/** Refusals of a contract's signer set that concern security versions and groups. */
export const signerErrors = {
  ONCHAIN_SVN_TOO_LOW: {
    kind: "verification",
    message: "The key {signer} has security version {svn}, and {floor} is the least that counts",
    hint: "Run the corrected version of the Cryptlet and register its key.",
    exit: 13,
  },
  ONCHAIN_GROUP_SIGNATURE_INVALID: {
    kind: "verification",
    message: "The group's signature does not fit this message and this feed's group",
    hint: "It was forged or altered, or is of a group that the feed does not admit.",
    exit: 11,
  },
  ONCHAIN_GROUP_SUSPENDED: {
    kind: "verification",
    message: "The group {group} may not sign: a member is compromised, or too few are left",
    hint: "Share the group's key anew without that member and register it; the list of single keys goes on counting.",
    exit: 12,
  },
  ONCHAIN_GROUP_TOO_SMALL: {
    kind: "verification",
    message: "The group {group} signs with {k} members, and the feed demands {threshold}",
    hint: "Make a group key with a higher threshold, or lower the feed's.",
    exit: 12,
  },
} as const satisfies Record<string, ErrorEntry>;
