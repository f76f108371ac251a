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
} as const satisfies Record<string, ErrorEntry>;
