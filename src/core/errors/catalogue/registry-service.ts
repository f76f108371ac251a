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
  SUBMISSION_TOO_LARGE: {
    kind: "user",
    message: "The submission has more than the {limit} bytes that this registry takes",
    hint: "Leave out what a release does not need, such as the source map, or ask the registry's operator (registry.maxReleaseBytes).",
    status: 413,
  },
  SUBMISSION_LIMIT: {
    kind: "unavailable",
    message: "One address may make {limit} submissions in a minute",
    hint: "Wait a minute, then publish again: what was taken is not taken twice.",
    status: 429,
  },
  SUBMISSIONS_BUSY: {
    kind: "unavailable",
    message: "The registry is reading {limit} submissions already",
    hint: "Publish again in a moment.",
  },
  REGISTRY_NOT_SERVED: {
    kind: "user",
    message: "This host serves no registry",
    hint: "Set registry.folder in its configuration, or ask another host.",
    exit: 3,
    status: 404,
  },
  REGISTRY_PUBLISHING_CLOSED: {
    kind: "user",
    message: "This host takes no releases for {origin}",
    hint: "Publish at the registry itself: this is a copy of it, or its operator did not set registry.publish.",
    exit: 4,
    status: 403,
  },
  MIRROR_TARGET_REFUSED: {
    kind: "user",
    message: "No copy of a registry can be kept in {folder}: {reason}",
    hint: "Name an empty folder, one that does not exist, or one that cryptlet registry sync made.",
    exit: 4,
  },
  MIRROR_KEY_NEEDED: {
    kind: "user",
    message: "A new copy in {folder} needs the key that its source signs with",
    hint: "Give --registry-key name+hash+key as the registry's operator publishes it (registry.json holds it), or --trust-first to believe the source this once.",
  },
  MIRROR_KEY_DIFFERS: {
    kind: "verification",
    message: "The copy in {folder} was made under another key: {known}",
    hint: "A registry's key does not change. Leave --registry-key out, or copy the other registry into a folder of its own.",
    exit: 12,
  },
  MIRROR_SOURCE_BEHIND: {
    kind: "unavailable",
    message: "The source has {size} entries, and the copy in {folder} has {known} of the same log",
    hint: "The source is an older copy, or somebody hides what is newer: a revocation, for example. Take another source.",
    exit: 14,
  },
  MIRROR_ENTRIES_ALTERED: {
    kind: "verification",
    message: "The source's entries {from} to {to} are not those that its checkpoint covers",
    hint: "Somebody between the registry and here changed or left out entries. Nothing of them was kept; take another source.",
    exit: 14,
  },
} as const satisfies Record<string, ErrorEntry>;
