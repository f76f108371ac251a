import { createHash } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import { fromWire, toWire } from "../core/errors/wire.ts";
import type { FeedId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { findRound, findRoundOfRun, latestRound } from "../store/rounds.ts";
import {
  beginRunRequest,
  countWaitingRequests,
  endRunRequest,
  findRunRequest,
  forgetRunRequest,
  insertRunRequest,
  openRunRequests,
  type RunRequestRow,
} from "../store/run-requests.ts";
import { findRunOfTrigger } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import type { Triggers } from "../triggers/triggers.ts";
import type { RequestOutcome, Requests } from "./requests.ts";
import type { RunOutcome } from "./run-outcome.ts";
import { readRoundView } from "./watch-rounds.ts";

/** Requests of a running host. */
export interface RequestDesk extends Requests {
  /** Waits until what ended is written down; call it when no run is under way any more. */
  stop(): Promise<void>;
}

/** Id of the run's trigger. The key is a stranger's text of any form: its hash stands for it. */
const triggerOf = ({ feed, key }: Pick<RunRequestRow, "feed" | "key">): string =>
  `${feed}:request:${createHash("sha256").update(key).digest("hex")}`;

/**
 * Runs that are asked for. The request is on disk before its run is asked for, and marked before the run begins: a process
 * that dies leaves a request that either never began, and begins then, or is never begun again.
 */
export const startRequestDesk = async (parts: {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly feeds: ReadonlySet<FeedId>;
  readonly triggers: Pick<Triggers<RunOutcome>, "fire">;
  /** Requests of one feed that may wait. */
  readonly maxWaiting: number;
}): Promise<RequestDesk> => {
  const { store, clock, log, feeds } = parts;
  /** Requests of this process that have no end yet. */
  const open = new Map<string, Promise<void>>();

  const end = async (key: string, how: Parameters<typeof endRunRequest>[2]): Promise<void> => {
    await store.transaction((trx) => endRunRequest(trx, key, how, clock.now()));
  };
  const fail = (key: string, error: unknown): Promise<void> =>
    end(key, { status: "failed", errorJson: JSON.stringify(toWire(error)) });

  /** A run that made no round: the newest one is as new as its source. */
  const endWithNewest = async ({ key, feed }: RunRequestRow): Promise<void> => {
    const newest = await latestRound(store.db, feed);
    if (newest) await end(key, { status: "done", round: newest.round, made: false });
    else await fail(key, fabricError("REQUEST_UNANSWERED", { feed }));
  };

  const settle = async (row: RunRequestRow, outcome: RunOutcome): Promise<void> => {
    if (outcome.status === "published")
      await end(row.key, { status: "done", round: outcome.round, made: true });
    else if (outcome.status === "unchanged") await endWithNewest(row);
    else if (outcome.status === "failed") await fail(row.key, fromWire(outcome.error));
  };

  const work = async (row: RunRequestRow): Promise<void> => {
    const { key, feed } = row;
    const begin = async (): Promise<void> => {
      if (!(await store.transaction((trx) => beginRunRequest(trx, key, clock.now()))))
        throw fabricError("REQUEST_INTERRUPTED", {});
    };
    let outcome: RunOutcome;
    try {
      outcome = await parts.triggers.fire(feed, { id: triggerOf(row), begin });
    } catch (error) {
      // The host stops before the run began: the next one begins it.
      if (isFabricError(error, "INTERRUPTED")) return;
      await fail(key, error);
      return;
    }
    if (outcome.status === "not-led") await store.transaction((trx) => forgetRunRequest(trx, key));
    else await settle(row, outcome);
  };
  const start = (row: RunRequestRow): void => {
    const job = work(row)
      .catch((error: unknown) => {
        log.error("a request could not be brought to its end", { feed: row.feed, error });
      })
      .finally(() => open.delete(row.key));
    open.set(row.key, job);
  };

  /** What a process that died had begun: the record says how it ended, or that it was cut off. */
  const recover = async (row: RunRequestRow): Promise<void> => {
    const run = await findRunOfTrigger(store.db, triggerOf(row));
    if (run?.status === "published") {
      const made = await findRoundOfRun(store.db, run.id);
      if (made) {
        await end(row.key, { status: "done", round: made.round, made: true });
        return;
      }
    }
    if (run?.status === "unchanged") await endWithNewest(row);
    else await fail(row.key, fabricError("REQUEST_INTERRUPTED", {}));
  };

  for (const row of await openRunRequests(store.db)) {
    if (row.status === "running") await recover(row);
    else if (feeds.has(row.feed)) start(row);
    else await fail(row.key, fabricError("FEED_UNKNOWN", { feed: row.feed }));
  }

  /** The request of this key, made unless it is there. */
  const ensure = async (
    feed: FeedId,
    { key, maxAgeMs }: { readonly key: string; readonly maxAgeMs: number | null },
  ): Promise<RunRequestRow> => {
    const { row, isNew } = await store.transaction(async (trx) => {
      const there = await findRunRequest(trx, key);
      if (there) return { row: there, isNew: false };
      const now = clock.now();
      const newest = maxAgeMs === null ? null : await latestRound(trx, feed);
      const isFresh = newest !== null && maxAgeMs !== null && now - newest.issuedAt <= maxAgeMs;
      if (!isFresh && (await countWaitingRequests(trx, feed)) >= parts.maxWaiting)
        throw fabricError("REQUEST_QUEUE_FULL", { feed, limit: parts.maxWaiting });
      const round = isFresh ? newest.round : null;
      await insertRunRequest(trx, { key, feed, round, createdAt: now });
      const made = await findRunRequest(trx, key);
      if (!made) throw fabricError("INTERNAL", { reason: "a request was not stored" });
      return { row: made, isNew: !isFresh };
    });
    if (row.feed !== feed) throw fabricError("REQUEST_KEY_REUSED", { feed: row.feed });
    if (isNew) start(row);
    return row;
  };

  const answer = async ({ feed, ...row }: RunRequestRow): Promise<RequestOutcome> => {
    if (row.status === "failed") throw fromWire(JSON.parse(row.errorJson ?? "null"));
    if (row.status !== "done" || row.round === null)
      return { status: row.status === "running" ? "running" : "waiting" };
    const found = await findRound(store.db, feed, row.round);
    if (!found) throw fabricError("ROUND_UNKNOWN", { feed, round: row.round });
    return { status: "done", round: await readRoundView(store, found), made: row.made };
  };

  return {
    async ask(feed, { key, maxAgeMs, waitMs }, options) {
      if (!feeds.has(feed)) throw fabricError("FEED_UNKNOWN", { feed });
      await ensure(feed, { key, maxAgeMs });
      const job = open.get(key);
      if (job !== undefined && waitMs > 0) {
        const enough = new AbortController();
        const stop = () => enough.abort();
        options?.signal?.addEventListener("abort", stop, { once: true });
        const time = clock.sleep(waitMs, { signal: enough.signal }).catch(() => undefined);
        await Promise.race([job, time]);
        options?.signal?.removeEventListener("abort", stop);
        enough.abort();
      }
      const row = await findRunRequest(store.db, key);
      if (!row) throw fabricError("REQUEST_NOT_LED", { feed });
      return await answer(row);
    },
    async stop() {
      await Promise.all(open.values());
    },
  };
};
