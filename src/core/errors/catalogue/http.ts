import type { ErrorEntry } from "../arguments.ts";

export const httpErrors = {
  HTTP_REQUEST_INVALID: {
    kind: "user",
    message: "The request of source {source} is refused: {reason}",
    hint: "Only https, no credentials or secrets in the URL, and no headers that steer the connection.",
  },
  HTTP_TOO_MANY_REQUESTS: {
    kind: "user",
    message: "The run made more than the {limit} requests that its manifest allows",
    hint: "Raise capabilities.http.maxRequests, or ask fewer sources.",
  },
  HTTP_HOST_NOT_ALLOWED: {
    kind: "user",
    message: "The manifest does not allow {host}{path}",
    hint: "Add host and path to capabilities.http.hosts; the measurement changes with it.",
    exit: 4,
    status: 403,
  },
  HTTP_PRIVATE_ADDRESS: {
    kind: "user",
    message: "{host} leads to {address}, which is not a public address",
    hint: "Requests to private networks need sources.allowPrivateAddresses in the host's configuration.",
    exit: 4,
    status: 403,
  },
  HTTP_REDIRECT_REFUSED: {
    kind: "unavailable",
    message: "A redirect of {host} is refused: {reason}",
    hint: "Redirects are followed three times at most and only to what the manifest allows.",
  },
  HTTP_NAME_UNKNOWN: {
    kind: "unavailable",
    message: "The name {host} has no address: {reason}",
    hint: "Check the network and the name server of the host.",
  },
  HTTP_UNREACHABLE: {
    kind: "unavailable",
    message: "{host} cannot be reached: {reason}",
    hint: "Check the network; in emulated mode, check that the provider emulator runs.",
  },
  HTTP_TLS_REFUSED: {
    kind: "verification",
    message: "The TLS connection to {host} is refused: {reason}",
    hint: "Certificates are always checked; somebody else may answer in the provider's place.",
  },
  HTTP_BROKEN: {
    kind: "unavailable",
    message: "The answer of {host} broke off: {reason}",
    hint: "Try again later; a lasting fault means that the provider does not speak HTTP/1.1 correctly.",
  },
  HTTP_TIMEOUT: {
    kind: "unavailable",
    message: "{host} did not answer whole within {timeoutMs} ms",
    hint: "The source is left out of this run; capabilities.http.timeoutMs holds the bound.",
  },
  HTTP_TOO_LARGE: {
    kind: "unavailable",
    message: "The answer of {host} is larger than {limit} bytes",
    hint: "The bound counts after decompression; capabilities.http.maxResponseBytes holds it.",
  },
  HTTP_ENCODING_REFUSED: {
    kind: "unavailable",
    message: "The answer of {host} is not UTF-8 text in a known compression: {reason}",
    hint: "Answers are UTF-8, plain or compressed once with gzip, deflate or br.",
  },
  HTTP_RATE_LIMITED: {
    kind: "unavailable",
    message: "{host} asks to wait {retryAfterMs} ms",
    hint: "No request goes to this host before that; lengthen the interval of the feed.",
    status: 503,
  },
  HTTP_SECRET_UNKNOWN: {
    kind: "user",
    message: "The secret {name} has no value or is not in the manifest",
    hint: "Name it in capabilities.secrets and give it in the host's configuration.",
  },
  HTTP_SECRET_NOT_BOUND: {
    kind: "user",
    message: "The secret {name} may not be sent to {host}",
    hint: "capabilities.secrets names the hosts of each secret.",
    exit: 4,
    status: 403,
  },
  HTTP_SECRET_ECHOED: {
    kind: "verification",
    message: "The answer of {host} repeats a secret of the request",
    hint: "It is kept from the Cryptlet; rotate the secret and ask the provider why.",
  },
  HTTP_TOKEN_REFUSED: {
    kind: "user",
    message: "{host} gave no access token: {reason}",
    hint: "Check client id, client secret and scope.",
    exit: 4,
    status: 502,
  },
} as const satisfies Record<string, ErrorEntry>;
