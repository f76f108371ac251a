import type { ErrorEntry } from "../arguments.ts";

export const busErrors = {
  BUS_SUBJECT_INVALID: {
    kind: "user",
    message: "{subject} is not a subject: {reason}",
    hint: "Write tokens of letters, digits, - and _ joined by dots; * and a last > only in filters.",
  },
  BUS_STREAM_INVALID: {
    kind: "user",
    message: "Stream {stream} cannot be made: {reason}",
    hint: "Correct its name, subjects, age or duplicate window.",
  },
  BUS_CONSUMER_INVALID: {
    kind: "user",
    message: "Consumer {consumer} cannot be made: {reason}",
    hint: "Correct its name, filter or limits.",
  },
  BUS_MESSAGE_ID_INVALID: {
    kind: "user",
    message: "{messageId} is not a message id",
    hint: "Use at most 200 letters, digits, colons, dots, - and _.",
  },
  BUS_STREAM_CONFIG_DIFFERS: {
    kind: "user",
    message: "Stream {stream} exists with other settings: {differences}",
    hint: "Change the configuration back, or drain and delete the stream; the outbox publishes again what is missing.",
    status: 409,
  },
  BUS_CONSUMER_CONFIG_DIFFERS: {
    kind: "user",
    message: "Consumer {consumer} of stream {stream} exists with other settings: {differences}",
    hint: "Give the consumer another name, or delete it.",
    status: 409,
  },
  BUS_STREAM_UNKNOWN: {
    kind: "user",
    message: "There is no stream {stream}",
    hint: "Make it with ensureStream first.",
    exit: 3,
    status: 404,
  },
  BUS_STREAM_MISSING: {
    kind: "unavailable",
    message: "No stream takes {subject} now",
    hint: "The stream was not made yet, or JetStream is starting or has no leader; it is tried again.",
  },
  BUS_PAYLOAD_TOO_LARGE: {
    kind: "user",
    message: "A message of {size} bytes is larger than the bus takes ({limit})",
    hint: "Send the digest and let the reader fetch the bytes, or raise max_payload of the server.",
    status: 413,
  },
  BUS_SEQUENCE_DIFFERS: {
    kind: "unavailable",
    message: "The newest message of {subject} is not number {expected}",
    hint: "Somebody else wrote in between: read it again and decide anew.",
  },
  BUS_DENIED: {
    kind: "user",
    message: "The bus refuses to {operation} {subject}",
    hint: "Grant the permission to the user whose credentials the host has.",
    exit: 4,
    status: 403,
  },
  BUS_UNAVAILABLE: {
    kind: "unavailable",
    message: "The bus does not answer: {reason}",
    hint: "Check the server and NATS_URL; messages wait in the outbox and nothing is lost.",
  },
  BUS_CREDENTIALS_REFUSED: {
    kind: "user",
    message: "The bus server refuses the credentials: {reason}",
    hint: "Check the configured token, user, or credentials file.",
    exit: 4,
    status: 503,
  },
  BUS_TOO_OLD: {
    kind: "user",
    message: "The bus server is version {version}; at least {minimum} is needed",
    hint: "Upgrade nats-server.",
  },
  BUS_NO_RESPONDER: {
    kind: "unavailable",
    message: "Nobody answers {subject}",
    hint: "Start the part that answers it.",
  },
  BUS_REQUEST_TIMEOUT: {
    kind: "unavailable",
    message: "No answer from {subject} within {timeoutMs} ms",
    hint: "Try again; if it stays, look at the log of the part that answers it.",
    status: 504,
  },
  BUS_HANDLER_TIMEOUT: {
    kind: "unavailable",
    message: "The handler of {consumer} took longer than {ackWaitMs} ms",
    hint: "The message comes again; raise ackWaitMs if the work is that long.",
  },
  BUS_DEAD_LETTER_INVALID: {
    kind: "user",
    message: "This message is not a dead letter",
    hint: "Only messages of a stream whose name ends in _DEAD are.",
  },
  BUS_CLOSED: {
    kind: "unavailable",
    message: "The bus is closed",
    hint: "The host is stopping; try again when it is back.",
  },
} as const satisfies Record<string, ErrorEntry>;
