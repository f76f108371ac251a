import type { ErrorEntry } from "../arguments.ts";

export const registryServiceErrors = {
  REGISTRY_QUERY_INVALID: {
    kind: "user",
    message: "The search is not understood: {reason}",
    hint: "Words, and filters such as feed:xau-usd host:api.kraken.com capability:http licence:MIT; docs/registry-search.md lists them.",
  },
  REGISTRY_CURSOR_INVALID: {
    kind: "user",
    message: "The cursor does not belong to this search",
    hint: "Begin without a cursor, and take `next` of each page as it is for the next one of the same search.",
  },
  REGISTRY_ADDRESS_INVALID: {
    kind: "user",
    message: "{registry} is no address of a registry: {reason}",
    hint: "Give the URL of a host that serves a registry, for example https://registry.example, or a registry's folder.",
  },
  REGISTRY_UNAVAILABLE: {
    kind: "unavailable",
    message: "The registry at {registry} cannot be reached: {reason}",
    hint: "Check the address, and that its host serves a registry (setting registry). A mirror in a folder works without it.",
  },
  REGISTRY_ANSWER_INVALID: {
    kind: "unavailable",
    message: "{url} does not answer as a registry does: {reason}",
    hint: "Check the address; another service may be there, or another version of this one.",
  },
  SUBMISSION_MALFORMED: {
    kind: "user",
    message: "The submission is not well-formed: {reason}",
    hint: "Publish with cryptlet publish, or write it as docs/registry-search.md says.",
  },
} as const satisfies Record<string, ErrorEntry>;
