import type { FeedId } from "../core/ids.ts";
import type { RoundView } from "./fabric.ts";

/** What became of a request so far. */
export type RequestOutcome =
  /** `made`: the round was made for this request; else it was there already. */
  | { readonly status: "done"; readonly round: RoundView; readonly made: boolean }
  /** Not at its end within the wait: ask again with the same key. */
  | { readonly status: "waiting" | "running" };

/** Runs that somebody asks for. A key stands for one run and its answer, for seven days. */
export interface Requests {
  /**
   * One run of the feed now; the answer is a committed round. The same key again is the same request: it waits for it or
   * gives its answer. A run that was begun is never begun again; one that a dying host cut off ends as
   * `REQUEST_INTERRUPTED`. Throws `FEED_UNKNOWN`, `REQUEST_KEY_REUSED`, `REQUEST_QUEUE_FULL`, `REQUEST_NOT_LED`,
   * `REQUEST_INTERRUPTED`, and whatever the run ended with.
   */
  ask(
    feed: FeedId,
    request: {
      readonly key: string;
      /** A round issued no longer ago than this, ms, is the answer without a run; null: always run. */
      readonly maxAgeMs: number | null;
      /** Longest wait for the end, ms. */
      readonly waitMs: number;
    },
    options?: { readonly signal?: AbortSignal },
  ): Promise<RequestOutcome>;
}
