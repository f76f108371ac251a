import type { ErrorEntry } from "../arguments.ts";

export const apiErrors = {
  API_REQUEST_INVALID: {
    kind: "user",
    message: "The request is not valid: {faults}",
    hint: "Mend what stands at each path; /openapi.json describes every request.",
  },
  API_REQUEST_MALFORMED: {
    kind: "user",
    message: "The request is not HTTP that this server takes: {reason}",
    hint: "Headers together may have 16 KiB, a request must arrive within 10 seconds.",
  },
  API_BODY_REFUSED: {
    kind: "user",
    message: "This request takes no body, or none of this type or length",
    hint: "Questions have no body. What changes something takes JSON (content-type: application/json) of the form that /openapi.json describes.",
    status: 413,
  },
  API_ROUTE_UNKNOWN: {
    kind: "user",
    message: "There is nothing at {method} {path}",
    hint: "/openapi.json lists every route.",
    exit: 3,
    status: 404,
  },
  API_UNAUTHORIZED: {
    kind: "user",
    message: "This API needs a bearer token",
    hint: "Send the header authorization: Bearer followed by the token of the host's configuration (api.token); the command line takes it from CRYPTLET_API_TOKEN.",
    exit: 4,
    status: 401,
  },
  API_READ_ONLY: {
    kind: "user",
    message: "This API only reads, because it asks nobody who they are",
    hint: "Give the host a token (api.token) and send it: then it also runs feeds, keeps subscriptions and webhooks, and tries failed deliveries and dead letters again.",
    exit: 4,
    status: 403,
  },
  ATTESTATION_LIMIT: {
    kind: "unavailable",
    message: "One address may ask for {limit} pieces of fresh evidence in a minute",
    hint: "Wait a minute. The evidence in /v1/cryptlets binds the same keys, without a nonce.",
    status: 429,
  },
  ATTESTATION_BUSY: {
    kind: "unavailable",
    message: "The host is making {limit} quotes already",
    hint: "Ask again in a moment. The evidence in /v1/cryptlets binds the same keys, without a nonce.",
  },
  API_STREAMS_EXHAUSTED: {
    kind: "unavailable",
    message: "All {limit} event streams of this host are taken",
    hint: "Try again later, or poll the latest round instead.",
  },
  API_ADDRESS_UNAVAILABLE: {
    kind: "unavailable",
    message: "The API cannot listen on {host} port {port}: {reason}",
    hint: "Choose another port (api.port, CRYPTLET_API_PORT) or stop what listens there.",
  },
} as const satisfies Record<string, ErrorEntry>;
