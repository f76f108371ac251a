import type { ErrorEntry } from "../arguments.ts";

export const hostErrors = {
  FEED_UNKNOWN: {
    kind: "user",
    message: "There is no feed {feed}",
    hint: "cryptlet feed list names the feeds of this fabric.",
    exit: 3,
    status: 404,
  },
  ROUND_UNKNOWN: {
    kind: "user",
    message: "Feed {feed} has no round {round}",
    hint: "cryptlet feed get shows the latest round; the first run may not have finished yet.",
    exit: 3,
    status: 404,
  },
  ENVELOPE_UNKNOWN: {
    kind: "user",
    message: "There is no envelope {digest}",
    hint: "Take the digest from a round of cryptlet feed get.",
    exit: 3,
    status: 404,
  },
  CRYPTLET_UNKNOWN: {
    kind: "user",
    message: "There is no Cryptlet {cryptlet} on this host",
    hint: "GET /v1/cryptlets names those that are loaded.",
    exit: 3,
    status: 404,
  },
  DELIVERY_UNKNOWN: {
    kind: "user",
    message: "There is no delivery {delivery}",
    hint: "GET /v1/deliveries lists them.",
    exit: 3,
    status: 404,
  },
} as const satisfies Record<string, ErrorEntry>;
