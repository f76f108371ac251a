import type { Digest, FeedId, RunId } from "../../src/core/ids.ts";
import type { Observation } from "../../src/envelope/observation.ts";

/** What an enclave is asked to endorse: the statement of a leader, and what it is held against. */
export interface Proposal {
  /** Canonical JSON text of the observation, exactly as its JSON form is signed. */
  readonly statement: string;
  /** Own finished run of the same feed; null where the enclave stands by this statement already. */
  readonly runId: RunId | null;
  /** Newest round of the feed that this host has on record; null where there is none. */
  readonly latest: { readonly round: number; readonly envelopeDigest: Digest } | null;
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
 * Judges a proposal inside the enclave, which stands by it from then on: another statement of the same round is refused,
 * after a restart too. Nothing is signed with others that did not come out of it.
 * Throws `FEED_NOT_SERVED`, `STATEMENT_MALFORMED`, `RUN_UNKNOWN`, `ENDORSEMENT_REFUSED`, `VALUE_OUT_OF_TOLERANCE`,
 * `EPOCH_STALE`, `ROUND_EQUIVOCATION`, `OBSERVATION_REFUSED`, `SOURCE_MODES_MIXED`, `STATE_CONFLICT`,
 * `STATE_UNAVAILABLE`, `STATE_REFUSED`.
 */
export type CheckProposal = (proposal: Proposal) => Promise<ApprovedProposal>;

/** One enclave's signatures over both forms of another host's statement. */
export interface Endorsement {
  /** Digest of the envelope that was signed. */
  readonly envelopeDigest: Digest;
  readonly json: { readonly keyid: string; readonly sig: string };
  /** Null for a record. */
  readonly onchain: { readonly keyid: string; readonly sig: string } | null;
}
