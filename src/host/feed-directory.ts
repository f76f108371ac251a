import type { LoadedCryptlet } from "../../enclave-sim/host/enclave.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { FeedId } from "../core/ids.ts";
import { findRound, roundIssuedBy, roundsBefore } from "../store/rounds.ts";
import type { Store } from "../store/store.ts";
import type { BatchDefinition } from "./batch-definition.ts";
import type { FabricEvents } from "./fabric-events.ts";
import type { FeedDirectory } from "./fabric.ts";
import { summarizeFeed, type FeedDefinition } from "./feed-definition.ts";
import type { LatestRounds } from "./latest-rounds.ts";
import { readRoundView, watchRounds } from "./watch-rounds.ts";

/** A feed with the Cryptlet that serves it. */
export interface ServedFeedEntry {
  readonly feed: FeedDefinition;
  readonly cryptlet: LoadedCryptlet;
  /** For a batch, what it is made of. */
  readonly batch?: BatchDefinition;
}

/** Feeds as the API reads them: the newest round from memory, everything else from the database. */
export const createFeedDirectory = (
  parts: {
    readonly store: Store;
    readonly events: FabricEvents;
    readonly latest: LatestRounds;
  },
  feeds: ReadonlyMap<FeedId, ServedFeedEntry>,
): FeedDirectory => {
  const { store, latest } = parts;
  const known = (feed: FeedId): ServedFeedEntry => {
    const entry = feeds.get(feed);
    if (!entry) throw fabricError("FEED_UNKNOWN", { feed });
    return entry;
  };
  const summarize = ({ feed, cryptlet }: ServedFeedEntry) =>
    summarizeFeed(feed, cryptlet, latest.view(feed.id)?.round ?? 0);
  return {
    list: async () => [...feeds.values()].map(summarize),
    get: async (feed) => summarize(known(feed)),
    latest: (feed) => latest.bytes(feed),
    async round(feed, round) {
      known(feed);
      const row = await findRound(store.db, feed, round);
      if (!row) throw fabricError("ROUND_UNKNOWN", { feed, round });
      return await readRoundView(store, row);
    },
    async at(feed, time) {
      known(feed);
      const row = await roundIssuedBy(store.db, feed, time);
      if (!row || time >= row.validUntil)
        throw fabricError("ROUND_NOT_VALID_AT", { feed, time: new Date(time).toISOString() });
      return await readRoundView(store, row);
    },
    async rounds(feed, page) {
      known(feed);
      const rows = await roundsBefore(store.db, feed, page);
      return await Promise.all(rows.map((row) => readRoundView(store, row)));
    },
    watch(feed, { afterRound, signal }) {
      known(feed);
      const from = afterRound ?? latest.view(feed)?.round ?? 0;
      return watchRounds(parts, feed, { afterRound: from, signal });
    },
  };
};
