import type { IndexedRelease } from "../../src/registry/search/indexed-release.ts";

/** A release as the index knows it, for tests of search; `position` must be its own. */
export const indexedRelease = (
  given: Partial<IndexedRelease> & { readonly name: string; readonly position: number },
): IndexedRelease => ({
  version: "1.0.0",
  release: `sha256:${given.position.toString(16).padStart(64, "0")}`,
  recordedAt: 1_700_000_000_000 + given.position,
  publisher: `sha256:${"aa".repeat(32)}`,
  publisherName: "Acme Metals",
  description: "A feed.",
  licence: "Apache-2.0",
  lane: "js",
  language: "typescript",
  measurement: `sha256:${"bb".repeat(32)}`,
  feeds: [{ id: "value", kind: "decimal", description: "A value." }],
  capabilities: ["http"],
  hosts: ["api.example.com"],
  chains: [],
  calls: [],
  state: "published",
  reason: null,
  ...given,
});
