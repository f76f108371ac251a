import type { Clock } from "../core/clock.ts";
import type { FeedId } from "../core/ids.ts";
import { latestRound } from "../store/rounds.ts";
import { startTriggers, type Triggers } from "../triggers/triggers.ts";
import { createBatchRunner } from "./batch-runner.ts";
import type { RoundCommitParts } from "./commit-sealed.ts";
import type { EvidenceRenewal } from "./evidence-renewal.ts";
import type { ServedFeedEntry } from "./feed-directory.ts";
import { createFeedRunner, type FeedRunner } from "./feed-runner.ts";
import type { LoopProgress, LoopTick } from "./loop-progress.ts";
import type { RunOutcome } from "./run-outcome.ts";
import { createOwnSealer } from "./round-sealer.ts";
import type { QuorumDesk } from "./start-quorum.ts";
import type { TranscriptKeeper } from "./transcript-keeper.ts";
import { readRoundView } from "./watch-rounds.ts";

/** A feed's loop turns at least every 30 s while it waits; a run has its own deadline on top. */
const WAIT_LIMIT_MS = 60_000;

export interface FeedParts extends RoundCommitParts {
  readonly transcripts: TranscriptKeeper;
  readonly renewal: Pick<EvidenceRenewal, "of">;
  readonly progress: LoopProgress;
  /** What the feeds wait by. */
  readonly triggerClock: Clock;
  /** Who signs with whom. */
  readonly quorum: Pick<QuorumDesk, "sealer">;
}

/** Loads every feed's newest round, then starts its trigger. */
export const startFeeds = async (
  feeds: ReadonlyMap<FeedId, ServedFeedEntry>,
  parts: FeedParts,
): Promise<Triggers<RunOutcome>> => {
  const { store, triggerClock, log, latest } = parts;
  const runners = new Map<FeedId, FeedRunner>();
  const ticks = new Map<FeedId, LoopTick>();
  for (const { feed, cryptlet, batch } of feeds.values()) {
    const newest = await latestRound(store.db, feed.id);
    latest.register(feed.id, newest && (await readRoundView(store, newest)));
    const evidence = () => parts.renewal.of(cryptlet);
    runners.set(
      feed.id,
      batch
        ? createBatchRunner({ ...parts, batch, cryptlet, evidence })
        : createFeedRunner({
            ...parts,
            feed,
            cryptlet,
            sealer:
              parts.quorum.sealer(feed.id) ??
              createOwnSealer({ feed: feed.id, cryptlet, store, evidence }),
          }),
    );
    const limit = WAIT_LIMIT_MS + cryptlet.manifest.limits.timeoutMs;
    ticks.set(feed.id, parts.progress.register(`feed-${feed.id}`, limit));
  }
  return await startTriggers({
    store,
    clock: triggerClock,
    feeds: [...feeds.values()].map(({ feed }) => ({ feed: feed.id, schedule: feed.config })),
    handle: async (event, begin) => {
      const sealer = parts.quorum.sealer(event.feed);
      const runner = runners.get(event.feed);
      // Another host leads: it asks when there is something to sign.
      if (!runner || (sealer && !(await sealer.prepare({})))) return { status: "not-led" };
      await begin();
      return await runner.run(event);
    },
    fault: (feed, error) => {
      log.error("trigger failed; it comes again", { feed, error });
    },
    progress: (feed) => {
      ticks.get(feed)?.();
    },
  });
};
