import { fabricError } from "../core/errors/fabric-error.ts";
import type { FeedId } from "../core/ids.ts";
import type { DeliveryView, RoundView } from "./fabric.ts";
import type { CommittedRound } from "./round-view.ts";

/** The newest round of every feed, kept as the bytes that the API sends. */
export interface LatestRounds {
  /** Announce a feed, with its newest round when there is one. */
  register(feed: FeedId, latest: RoundView | null): void;
  commit(round: CommittedRound): RoundView;
  /** A delivery changed; ignored when it belongs to an older round. */
  deliver(delivery: DeliveryView): void;
  /** Throws `FEED_UNKNOWN`, `ROUND_UNKNOWN`. */
  bytes(feed: FeedId): Buffer;
  view(feed: FeedId): RoundView | null;
}

interface Entry {
  readonly view: RoundView;
  readonly bytes: Buffer;
}

const toEntry = (view: RoundView): Entry => ({ view, bytes: Buffer.from(JSON.stringify(view)) });

export const createLatestRounds = (): LatestRounds => {
  const feeds = new Map<FeedId, Entry | null>();
  return {
    register: (feed, latest) => void feeds.set(feed, latest ? toEntry(latest) : null),
    commit(round) {
      const view = { ...round, deliveries: [] };
      feeds.set(round.feed, toEntry(view));
      return view;
    },
    deliver(delivery) {
      const entry = feeds.get(delivery.feed);
      if (!entry || entry.view.round !== delivery.round) return;
      const others = entry.view.deliveries.filter(({ id }) => id !== delivery.id);
      feeds.set(delivery.feed, toEntry({ ...entry.view, deliveries: [...others, delivery] }));
    },
    bytes(feed) {
      const entry = feeds.get(feed);
      if (entry) return entry.bytes;
      if (entry === undefined) throw fabricError("FEED_UNKNOWN", { feed });
      throw fabricError("ROUND_UNKNOWN", { feed, round: 1 });
    },
    view: (feed) => feeds.get(feed)?.view ?? null,
  };
};
