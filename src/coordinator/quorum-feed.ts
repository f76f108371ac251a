import type { Digest, FeedId } from "../core/ids.ts";
import type { KeyRecord } from "../crypto/key-record.ts";

/** A host of a quorum as the configuration names it. */
export interface QuorumMember {
  readonly id: string;
  /** Public keys of its enclaves; a signature of any other key is not this member's. */
  readonly keys: readonly KeyRecord[];
}

/** A feed that several hosts sign together. */
export interface QuorumFeed {
  readonly feed: FeedId;
  readonly members: readonly QuorumMember[];
  /** Signatures that make a round: more than half of the members. */
  readonly threshold: number;
  /** How long a leader waits for them, ms. */
  readonly timeoutMs: number;
  /** Measurement of the Cryptlet here; every member runs the same. */
  readonly measurement: Digest;
}

/** The member of this name. */
export const memberOf = (
  { members }: Pick<QuorumFeed, "members">,
  id: string,
): QuorumMember | undefined => members.find((member) => member.id === id);
