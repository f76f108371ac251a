import type { FollowedFeed } from "../coordinator/quorum-follower.ts";
import type { MemberSignature } from "../coordinator/quorum-messages.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { toWire } from "../core/errors/wire.ts";
import { createRunId, digestSchema, type FeedId } from "../core/ids.ts";
import { canonicalJson } from "../envelope/canonical-json.ts";
import { latestRound } from "../store/rounds.ts";
import { closeRun, openRun, type RunEnd } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import type { ServedFeedEntry } from "./feed-directory.ts";
import type { TranscriptKeeper } from "./transcript-keeper.ts";

/** A follower waits so long for the round before to arrive from the bus, ms, and looks so often. */
const PREVIOUS_MS = 2_000;
const LOOK_MS = 20;

/** Newest round of a feed as an enclave is told of it. */
export const latestOf = async (store: Store, feed: FeedId) => {
  const row = await latestRound(store.db, feed);
  return row && { round: row.round, envelopeDigest: row.envelopeDigest };
};

/**
 * Runs a feed's Cryptlet for another host's statement and asks the enclave to sign it. The run is stored as every run
 * is; its trigger names leader and round. It makes no round of its own: it ends `unchanged`, or `failed` with the code.
 */
export const createEndorsingRuns = (parts: {
  readonly self: string;
  readonly served: ServedFeedEntry;
  readonly store: Store;
  readonly clock: Clock;
  readonly transcripts: TranscriptKeeper;
}): FollowedFeed["endorse"] => {
  const { self, store, clock, transcripts } = parts;
  const { feed, cryptlet } = parts.served;

  /** The round before may still be on its way. */
  const awaitPrevious = async (round: number, previous: string | null, signal: AbortSignal) => {
    const end = systemClock.monotonic() + PREVIOUS_MS;
    for (;;) {
      const latest = await latestOf(store, feed.id);
      const isHere = (latest?.envelopeDigest ?? null) === previous;
      if (isHere || (latest?.round ?? 0) >= round || systemClock.monotonic() >= end) return latest;
      await systemClock.sleep(LOOK_MS, { signal });
    }
  };

  return async ({ text, observation }, leader, { signal }): Promise<MemberSignature> => {
    const { round } = observation.subject;
    const runId = createRunId();
    const triggerId = `endorse:${feed.id}:${round}:${leader}`;
    const startedAt = clock.now();
    await store.transaction(
      (trx) => openRun(trx, { id: runId, feed: feed.id, triggerId, startedAt }),
      { sync: "later" },
    );
    const end = async (how: Pick<RunEnd, "status" | "error" | "receiptJson" | "transcript">) => {
      const finishedAt = clock.now();
      await store.transaction((trx) => closeRun(trx, { id: runId, finishedAt, ...how }), {
        sync: "later",
      });
    };
    try {
      const trigger = {
        id: triggerId,
        kind: "interval" as const,
        feed: feed.config.feed,
        parameters: feed.config.parameters,
        at: startedAt,
      };
      const [report] = await Promise.all([
        cryptlet.run(trigger, { runId, signal }),
        awaitPrevious(round, observation.previous?.envelopeDigest ?? null, signal),
      ]);
      const latest = await latestOf(store, feed.id);
      const { json, onchain } = await cryptlet.endorse(
        { statement: text, runId, latest },
        { signal },
      );
      await end({
        status: "unchanged",
        error: null,
        receiptJson: canonicalJson(report.receipt),
        transcript: transcripts.keepOf("unchanged", report.transcript),
      });
      const named = ({ keyid, sig }: typeof json) => ({ keyid: digestSchema.parse(keyid), sig });
      return { member: self, json: named(json), onchain: onchain && named(onchain) };
    } catch (error) {
      const { code } = toWire(error);
      await end({ status: "failed", error: code, receiptJson: null, transcript: null });
      throw error;
    }
  };
};
