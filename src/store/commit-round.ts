import { fabricError } from "../core/errors/fabric-error.ts";
import type { Digest } from "../core/ids.ts";
import { keepEvidence } from "./evidence.ts";
import { appendOutbox, type OutboxEntry } from "./outbox.ts";
import { findRound, insertRound, latestRound, type RoundRow } from "./rounds.ts";
import { closeRun, type RunEnd } from "./runs.ts";
import type { Executor } from "./store.ts";

/** Everything that becomes true together when a round is committed. */
export interface RoundCommit {
  readonly round: RoundRow;
  /** Without evidence. */
  readonly bundleJson: string;
  /** Evidence that the bundle is given back with; null when there is none. */
  readonly evidence: { readonly digest: Digest; readonly json: string } | null;
  readonly outbox: OutboxEntry;
  /** A round that several hosts signed: those that found no quorum before it are missing, and it may be here already. */
  readonly mayLeaveGap?: boolean;
  /** End of the run that made it; null for a round that was imported. */
  readonly run: RunEnd | null;
  /** ms since epoch. */
  readonly at: number;
}

/**
 * Writes round, envelope, outbox row and the run's end. Part of the caller's transaction: all or nothing. Deliveries
 * are stored by who takes the round off the bus, together with the message's sequence.
 * Throws `ROUND_OUT_OF_ORDER` unless it is the feed's next round, so that of two writers one loses; with `mayLeaveGap`,
 * unless it is a later one.
 */
export const commitRound = async (trx: Executor, commit: RoundCommit): Promise<void> => {
  const { round, mayLeaveGap = false } = commit;
  const known = mayLeaveGap ? await findRound(trx, round.feed, round.round) : null;
  if (known?.envelopeDigest === round.envelopeDigest) {
    // Another host brought it to its end and published it meanwhile.
    if (commit.run) await closeRun(trx, commit.run);
    return;
  }
  const expected = ((await latestRound(trx, round.feed))?.round ?? 0) + 1;
  if (mayLeaveGap ? round.round < expected : round.round !== expected)
    throw fabricError("ROUND_OUT_OF_ORDER", { feed: round.feed, expected, round: round.round });
  if (commit.evidence)
    await keepEvidence(trx, commit.evidence.digest, commit.evidence.json, commit.at);
  await insertRound(trx, {
    round,
    bundleJson: commit.bundleJson,
    evidenceDigest: commit.evidence?.digest ?? null,
  });
  await appendOutbox(trx, commit.outbox, commit.at);
  if (commit.run) await closeRun(trx, commit.run);
};
