import type { ErrorEntry } from "../arguments.ts";

export const quorumErrors = {
  QUORUM_NOT_REACHED: {
    kind: "unavailable",
    message: "Round {round} of {feed} has {count} of {threshold} signatures: {refusals}",
    hint: "Nothing was published and the next trigger tries again; each member that did not sign stands there with its reason.",
  },
  QUORUM_NOT_LED: {
    kind: "unavailable",
    message: "This host does not lead {feed} any more",
    hint: "Another member makes its rounds; `cryptlet host status` says which.",
  },
  QUORUM_MEMBER_UNKNOWN: {
    kind: "verification",
    message: "{member} is no member of the quorum of {feed}",
    hint: "quorum.members and feeds[].quorum.members of the configuration name the hosts that count; every host needs the same ones.",
  },
  QUORUM_MEMBER_REFUSED: {
    kind: "verification",
    message: "Member {member} is not counted: {reason}",
    hint: "Its evidence must pass the policy of quorum.appraisal and bind the keys that quorum.members names for it.",
    exit: 13,
  },
  QUORUM_MESSAGE_INVALID: {
    kind: "verification",
    message: "A message of the quorum is refused: {reason}",
    hint: "Whoever sent it is no host of this version, or no host at all.",
  },
  QUORUM_BUSY: {
    kind: "unavailable",
    message: "This host answers as many proposals as it takes at a time ({limit})",
    hint: "The leader tries again at its next trigger.",
  },
  ENDORSEMENT_REFUSED: {
    kind: "verification",
    message: "Round {round} of {feed} is not endorsed, because of {field}: {reason}",
    hint: "The enclave endorses only what agrees with its own run of the same feed under the agreement it was loaded with.",
  },
  VALUE_OUT_OF_TOLERANCE: {
    kind: "verification",
    message:
      "Round {round} of {feed} says {proposed}, this host's own sources say {own}: more than {tolerancePpm} ppm apart",
    hint: "One of the two hosts has wrong sources, or feeds[].quorum.tolerancePpm is tighter than the sources agree.",
  },
  EPOCH_STALE: {
    kind: "verification",
    message: "Epoch {epoch} of {feed} is over or too far ahead: the last one was {last}",
    hint: "Another host leads this feed; the one that asked stops by itself.",
  },
} as const satisfies Record<string, ErrorEntry>;
