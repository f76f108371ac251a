import type { FeedId, RunId } from "../../src/core/ids.ts";
import type { Observation } from "../../src/envelope/observation.ts";

/** What an enclave is asked to endorse: the statement of a leader, and its own run that it is held against. */
export interface Proposal {
  /** Canonical JSON text of the observation, exactly as its JSON form is signed. */
  readonly statement: string;
  /** Own finished run of the same feed and trigger. */
  readonly runId: RunId;
}

/** A proposal that this enclave agrees with: what may be signed, and nothing else. */
export interface ApprovedProposal {
  readonly feed: FeedId;
  readonly round: number;
  readonly observation: Observation;
  /** Pre-authentication encoding of the JSON form. */
  readonly jsonMessage: Uint8Array;
  /** Pre-authentication encoding of the ABI tuple; null for a record. */
  readonly onchainMessage: Uint8Array | null;
}

/**
 * Judges a proposal inside the enclave. A group share is made for nothing that did not come out of it.
 * Throws what it refuses with.
 */
export type CheckProposal = (proposal: Proposal) => Promise<ApprovedProposal>;
