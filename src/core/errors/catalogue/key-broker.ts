import type { ErrorEntry } from "../arguments.ts";

/** Errors of the key broker and of those who ask it for secrets. No message has a place for a value. */
export const keyBrokerErrors = {
  BROKER_UNAUTHORIZED: {
    kind: "user",
    message: "The key broker does not know this host",
    hint: "The broker's configuration names each host with a token; the host sends it as bearer token.",
    exit: 4,
    status: 401,
  },
  BROKER_CHALLENGE_INVALID: {
    kind: "verification",
    message: "The challenge is unknown, used or too old",
    hint: "A challenge serves one request of the host that it was given to; ask for a new one.",
    status: 409,
  },
  BROKER_EVIDENCE_REFUSED: {
    kind: "verification",
    message: "The key broker takes no secret from this evidence: {reason}",
    hint: "Evidence for the broker has the purpose kbs, the broker's challenge and an encryption key.",
    exit: 13,
    status: 403,
  },
  BROKER_SECRET_REFUSED: {
    kind: "verification",
    message: "The key broker does not release {secret} to this host and Cryptlet",
    hint: "Its policy names other Cryptlets, measurements, publishers or hosts, or the secret does not exist, was revoked or has expired. The broker's audit log says which.",
    exit: 13,
    status: 403,
  },
  BROKER_BUSY: {
    kind: "unavailable",
    message: "The key broker has too many requests of this host",
    hint: "Try again in a minute.",
    status: 429,
  },
  BROKER_REQUEST_INVALID: {
    kind: "user",
    message: "The request to the key broker is not valid: {faults}",
    hint: "Host and broker must come from versions that understand each other.",
  },
  BROKER_UNREACHABLE: {
    kind: "unavailable",
    message: "The key broker at {url} does not answer: {reason}",
    hint: "Start it with cryptlet broker start, or check the url of the broker in the host's configuration.",
  },
  BROKER_ANSWER_INVALID: {
    kind: "unavailable",
    message: "The key broker at {url} answered something that is none of its answers: {reason}",
    hint: "Check the url and that both sides have versions that understand each other.",
  },
  BROKER_ADDRESS_UNAVAILABLE: {
    kind: "unavailable",
    message: "The key broker cannot listen on {host} port {port}: {reason}",
    hint: "Choose another port or stop what listens there.",
  },
  SECRET_SOURCE_INVALID: {
    kind: "user",
    message: "The secrets of Cryptlet {cryptlet} cannot be collected: {reason}",
    hint: "Each secret comes from one place: the host's configuration or its key broker.",
  },
  VAULT_KEY_INVALID: {
    kind: "user",
    message: "The key that the secrets are sealed under cannot be used: {reason}",
    hint: "Give 32 random bytes in base64, from a variable or from a file that only its owner can read (chmod 600).",
  },
  VAULT_SEAL_BROKEN: {
    kind: "verification",
    message: "The sealed secret {secret} cannot be opened: {reason}",
    hint: "The vault's key is another one than it was sealed under, or the file was changed. Put the secret again.",
  },
  VAULT_CORRUPT: {
    kind: "internal",
    message: "The vault {file} cannot be used: {reason}",
    hint: "Restore the broker's data directory; nothing was released.",
  },
  VAULT_SECRET_UNKNOWN: {
    kind: "user",
    message: "The vault has no secret {secret}",
    hint: "cryptlet broker secret list shows those that it has.",
    exit: 3,
    status: 404,
  },
} as const satisfies Record<string, ErrorEntry>;
