import type { RegistryReleaseState } from "../../store/tables/registry.ts";

/** One release as search knows it. */
export interface IndexedRelease {
  readonly name: string;
  readonly version: string;
  /** Digest of the signed statement. */
  readonly release: string;
  /** Position of the publication in the log. */
  readonly position: number;
  /** Registry's clock, ms since epoch. */
  readonly recordedAt: number;
  /** Id of the publisher: keyid of its first key. */
  readonly publisher: string;
  /** What the publisher calls itself; it proves nothing. */
  readonly publisherName: string;
  readonly description: string;
  readonly licence: string | null;
  readonly lane: string;
  readonly language: string;
  readonly measurement: string;
  readonly feeds: readonly {
    readonly id: string;
    readonly kind: string;
    readonly description: string;
  }[];
  /** Kinds of what it may touch, sorted, for example `http`. */
  readonly capabilities: readonly string[];
  /** Host names that it may reach, wildcards as they are written. */
  readonly hosts: readonly string[];
  /** Chains that it reads, by name and by EIP-155 id. */
  readonly chains: readonly string[];
  /** Cryptlets that it may ask. */
  readonly calls: readonly string[];
  readonly state: RegistryReleaseState;
  /** Why it was deprecated or revoked. */
  readonly reason: string | null;
}
