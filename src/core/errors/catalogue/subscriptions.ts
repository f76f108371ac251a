import type { ErrorEntry } from "../arguments.ts";

/** Of subscriptions, webhooks and runs that are asked for. */
export const subscriptionErrors = {
  ROUND_NOT_VALID_AT: {
    kind: "user",
    message: "Feed {feed} has no round that was valid at {time}",
    hint: "The newest round before that time had run out, or there was none; cryptlet feed get shows rounds by number.",
    exit: 3,
    status: 404,
  },
  SUBSCRIPTION_UNKNOWN: {
    kind: "user",
    message: "There is no subscription {name}",
    hint: "cryptlet subscription list shows them; subscribing makes one.",
    exit: 3,
    status: 404,
  },
  SUBSCRIPTION_DIFFERS: {
    kind: "user",
    message: "Subscription {name} is there already, with the feeds {feeds}",
    hint: "Choose another name, or remove that one: a cursor over other feeds is another cursor.",
    status: 409,
  },
  SUBSCRIPTION_LIMIT: {
    kind: "unavailable",
    message: "This host keeps {limit} subscriptions already",
    hint: "Remove those that nobody reads: cryptlet subscription list says when each was acknowledged last.",
    status: 429,
  },
  SUBSCRIPTION_TAKEN: {
    kind: "user",
    message: "Subscription {name} is held by {consumer} until {until}",
    hint: "One consumer reads at a time. Wait until it ends or is silent, or give each consumer a name of its own.",
    status: 409,
    exit: 5,
  },
  SUBSCRIPTION_LOST: {
    kind: "user",
    message: "This session of subscription {name} is over",
    hint: "It was silent too long, was overtaken, or the cursor was moved: open a new one; what was not acknowledged comes again.",
    status: 409,
    exit: 5,
  },
  SUBSCRIPTION_ACK_AHEAD: {
    kind: "user",
    message:
      "Subscription {name} cannot be acknowledged up to {position}: the log ends at {newest}",
    hint: "Acknowledge positions of events that were read from this host.",
    status: 409,
  },
  SUBSCRIPTION_READERS: {
    kind: "unavailable",
    message: "All {limit} places to wait for rounds are taken",
    hint: "Ask again in a moment, or without a wait.",
    status: 429,
  },
  SUBSCRIPTION_NOT_ACKNOWLEDGED: {
    kind: "user",
    message:
      "Nothing of subscription {name} was acknowledged for {ms} ms while {count} events are in hand",
    hint: "Call ack() on the events, or on the last one of a group: the next come only then.",
  },
  WEBHOOK_UNKNOWN: {
    kind: "user",
    message: "There is no webhook {webhook}",
    hint: "cryptlet webhook list shows them.",
    exit: 3,
    status: 404,
  },
  WEBHOOK_LIMIT: {
    kind: "unavailable",
    message: "This host keeps {limit} webhooks already",
    hint: "Remove those that nobody answers.",
    status: 429,
  },
  WEBHOOK_URL_REFUSED: {
    kind: "user",
    message: "A webhook cannot be sent to this address: {reason}",
    hint: "Give an https address of the public internet without a user name. For development the host can allow private addresses, also over http (webhooks.allowPrivateAddresses).",
    status: 422,
  },
  WEBHOOK_CALL_UNKNOWN: {
    kind: "user",
    message: "Webhook {webhook} has no call {call} that could be sent again",
    hint: "cryptlet webhook calls shows them; one that still waits is sent anyway.",
    exit: 3,
    status: 404,
  },
  WEBHOOK_GONE: {
    kind: "unavailable",
    message: "The endpoint of webhook {webhook} answered 410: it wants no more",
    hint: "Nothing more is sent to it. Mend the endpoint and resume the webhook, or remove it.",
  },
  WEBHOOK_KEY_CHANGED: {
    kind: "unavailable",
    message: "The secret of webhook {webhook} came from a key that this host no longer has",
    hint: "The file webhook-key of the data directory is another one. Rotate the webhook's secret and give the new one to its receiver.",
  },
  WEBHOOK_KEY_UNREADABLE: {
    kind: "user",
    message: "The key of webhooks cannot be read from {file}: {reason}",
    hint: "The file holds 64 hex characters and is made by the host itself. Put the right one back; a new one changes every webhook's secret.",
  },
  WEBHOOK_REFUSED: {
    kind: "unavailable",
    message: "The endpoint of webhook {webhook} answered {status}",
    hint: "Only 2xx means taken; redirects are not followed. It is tried again.",
  },
  WEBHOOK_UNREACHABLE: {
    kind: "unavailable",
    message: "The endpoint of webhook {webhook} did not answer: {reason}",
    hint: "It is tried again.",
  },
  WEBHOOK_SECRET_INVALID: {
    kind: "user",
    message: "This is no secret of a webhook",
    hint: "It begins with whsec_ and goes on with 24 to 64 bytes in base64; cryptlet webhook add prints it once.",
  },
  WEBHOOK_HEADERS_MISSING: {
    kind: "verification",
    message: "The call has no usable {header}",
    hint: "Every signed call carries webhook-id, webhook-timestamp and webhook-signature. Hand over the headers as they came.",
    exit: 10,
    status: 400,
  },
  WEBHOOK_SIGNATURE_WRONG: {
    kind: "verification",
    message: "No signature of the call fits",
    hint: "Verify the raw bytes of the body, before any parser touched them, with the secret of this very webhook.",
    exit: 11,
    status: 401,
  },
  WEBHOOK_TIMESTAMP_WRONG: {
    kind: "verification",
    message: "The call was signed at {timestamp}, more than {tolerance} s from now",
    hint: "It is an old call sent again, or one of the two clocks is wrong.",
    exit: 15,
    status: 400,
  },
  WEBHOOK_BODY_INVALID: {
    kind: "verification",
    message: "The call is signed, but its body is no event of this version: {reason}",
    hint: "Update the receiver's cryptlet-fabric.",
    status: 400,
  },
  REQUEST_KEY_REUSED: {
    kind: "user",
    message: "The key of this request was used for feed {feed}",
    hint: "A key stands for one request. Give a new request a new key.",
    status: 422,
  },
  REQUEST_QUEUE_FULL: {
    kind: "unavailable",
    message: "{limit} requests of feed {feed} wait already",
    hint: "Ask again in a moment under the same key, or take the latest round.",
    status: 429,
  },
  REQUEST_NOT_LED: {
    kind: "unavailable",
    message: "Another host leads feed {feed}, and only that one makes rounds",
    hint: "Ask that host; nothing was run here.",
  },
  REQUEST_INTERRUPTED: {
    kind: "unavailable",
    message: "The run of this request was cut off when its host died",
    hint: "It is not run again by itself, because it may have acted. Ask under a new key if it may run once more.",
  },
  REQUEST_UNANSWERED: {
    kind: "unavailable",
    message: "The run of feed {feed} gave no round, and there is none yet",
    hint: "See cryptlet feed list and the host's log; ask under a new key.",
  },
  REQUEST_KEY_INVALID: {
    kind: "user",
    message: "The key of a request has 1 to 200 printable ASCII characters",
    hint: "A UUID for each thing that shall happen once is a good key.",
  },
} as const satisfies Record<string, ErrorEntry>;
