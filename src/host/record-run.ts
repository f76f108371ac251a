import { toWire, type WireError } from "../core/errors/wire.ts";
import { createRunId, type FeedId, type RunId } from "../core/ids.ts";
import { closeRun, openRun, type RunEnd } from "../store/runs.ts";
import type { RoundCommitParts } from "./commit-sealed.ts";

/** Which run is recorded. */
export interface RecordedRun<Result> {
  readonly feed: FeedId;
  /** Idempotency key of what started it. */
  readonly trigger: string;
  /** What is kept of a run that failed; asked for after the failure. */
  readonly failedTranscript: (run: RunId) => Promise<RunEnd["transcript"]>;
  /** Ends the run's row itself when it ends well. */
  readonly work: (run: RunId) => Promise<Result>;
}

/** How a recorded run ended. */
export type RecordedEnd<Result> =
  | { readonly status: "ended"; readonly result: Result }
  | { readonly status: "failed"; readonly error: WireError };

/** Stores a run before it starts, and its failure. Never throws because of the work: the run's row says what happened. */
export const recordRun = async <Result>(
  { store, clock, log, events, metrics }: RoundCommitParts,
  { feed, trigger, failedTranscript, work }: RecordedRun<Result>,
): Promise<RecordedEnd<Result>> => {
  const run = createRunId();
  await store.transaction(
    (trx) => openRun(trx, { id: run, feed, triggerId: trigger, startedAt: clock.now() }),
    { sync: "later" },
  );
  events.emit({ type: "run-started", feed, run, trigger });
  try {
    return { status: "ended", result: await work(run) };
  } catch (error) {
    const wire = toWire(error);
    metrics.runs.inc({ feed, outcome: wire.code });
    log.warn("run failed", { feed, run, code: wire.code, reason: wire.message });
    const transcript = await failedTranscript(run);
    const end = { id: run, status: "failed", error: wire.code, receiptJson: null } as const;
    await store.transaction(
      (trx) => closeRun(trx, { ...end, finishedAt: clock.now(), transcript }),
      { sync: "later" },
    );
    events.emit({ type: "run-failed", feed, run, error: wire });
    return { status: "failed", error: wire };
  }
};
