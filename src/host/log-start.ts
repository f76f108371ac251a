import { fabricError } from "../core/errors/fabric-error.ts";
import type { FeedId } from "../core/ids.ts";
import { firstPositionSince, newestPosition, positionOf } from "../store/round-log.ts";
import type { Executor } from "../store/store.ts";
import type { SubscriptionStart } from "./subscriptions.ts";

/**
 * The cursor that a start stands for: the place before the first round that is to come. Throws `FEED_UNKNOWN` for a feed
 * that is not among these, `ROUND_UNKNOWN`.
 */
export const logStart = async (
  db: Executor,
  feeds: readonly FeedId[],
  start: SubscriptionStart,
): Promise<number> => {
  switch (start.kind) {
    case "now":
      return await newestPosition(db);
    case "beginning":
      return 0;
    case "time": {
      const first = await firstPositionSince(db, feeds, start.time);
      return first === null ? await newestPosition(db) : first - 1;
    }
    case "round": {
      const { feed, round } = start;
      if (!feeds.includes(feed)) throw fabricError("FEED_UNKNOWN", { feed });
      const position = await positionOf(db, feed, round);
      if (position === null) throw fabricError("ROUND_UNKNOWN", { feed, round });
      return position - 1;
    }
  }
};
