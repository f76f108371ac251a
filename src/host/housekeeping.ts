import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import { pruneApplied } from "../store/apply-once.ts";
import { pruneOutbox } from "../store/outbox.ts";
import { pruneRunRequests } from "../store/run-requests.ts";
import { pruneRuns } from "../store/runs.ts";
import { pruneTranscripts } from "../store/transcripts.ts";
import type { Store } from "../store/store.ts";
import { pruneWebhookCalls } from "../store/webhook-calls.ts";
import { repeatHourly } from "./repeat-hourly.ts";

const DAY_MS = 86_400_000;
/** Runs that made no round are kept this long, to look into. */
const RUNS_MS = DAY_MS;
/** Longer than the stream keeps messages and remembers ids, so that nothing is published or applied again. */
const MESSAGES_MS = 14 * DAY_MS;
/** A request's key stands for its answer, and a delivered call can be sent again, this long. */
const ANSWERED_MS = 7 * DAY_MS;
/** Calls that were given up on wait for a person this long. */
const DEAD_CALLS_MS = 90 * DAY_MS;

/**
 * One pass over what nobody needs any more; transcripts are kept for `transcriptsMs`. Rounds, envelopes and deliveries
 * are never deleted.
 */
export const tidyStore = async (
  store: Store,
  now: number,
  transcriptsMs: number,
): Promise<void> => {
  await store.transaction(async (trx) => {
    await pruneTranscripts(trx, now - transcriptsMs);
    await pruneRuns(trx, now - RUNS_MS);
    await pruneOutbox(trx, now - MESSAGES_MS);
    await pruneApplied(trx, now - MESSAGES_MS);
    await pruneRunRequests(trx, now - ANSWERED_MS);
    await pruneWebhookCalls(trx, { delivered: now - ANSWERED_MS, dead: now - DEAD_CALLS_MS });
  });
};

/** Tidies at start and every hour until stopped. */
export const startHousekeeping = (parts: {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** How long transcripts are kept, ms. */
  readonly transcriptsMs: number;
}): { stop(): Promise<void> } =>
  repeatHourly({ clock: parts.clock, log: parts.log, name: "housekeeping" }, () =>
    tidyStore(parts.store, parts.clock.now(), parts.transcriptsMs),
  );
