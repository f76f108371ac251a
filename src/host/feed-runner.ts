import type { LoadedCryptlet, RunReport } from "../../enclave-sim/host/enclave.ts";
import type { RecordedTranscript } from "../../enclave-sim/protocol/sealed-transcript.ts";
import type { RunId } from "../core/ids.ts";
import { canonicalJson } from "../envelope/canonical-json.ts";
import { latestRound } from "../store/rounds.ts";
import { closeRun } from "../store/runs.ts";
import type { PublishReason } from "../triggers/publish-reason.ts";
import { commitSealed, type RoundCommitParts } from "./commit-sealed.ts";
import type { FeedDefinition } from "./feed-definition.ts";
import { decidePublication } from "./publication.ts";
import { recordRun } from "./record-run.ts";
import type { RunOutcome } from "./run-outcome.ts";
import { readSources } from "./run-sources.ts";
import type { RoundSealer } from "./round-sealer.ts";
import type { TranscriptKeeper } from "./transcript-keeper.ts";

/** What a run is started for. */
export interface RunCause {
  /** Idempotency key. */
  readonly id: string;
  readonly kind: "interval" | "manual" | "request";
  /** ms since epoch. */
  readonly at: number;
}

/** Everything a feed's runs need. */
export interface FeedRunnerParts extends RoundCommitParts {
  readonly feed: FeedDefinition;
  readonly cryptlet: LoadedCryptlet;
  readonly transcripts: TranscriptKeeper;
  /** Signs, alone or with others. */
  readonly sealer: RoundSealer;
}

/** Runs of one feed, one at a time. */
export interface FeedRunner {
  /** From trigger to committed round. Never throws because of the Cryptlet or its sources: the run's row says what happened. */
  run(cause: RunCause, options?: { signal?: AbortSignal }): Promise<RunOutcome>;
}

/**
 * One run: stored first, then executed, then, where the publication rule asks for it, signed and committed together
 * with its envelope and outbox row. A value that is not published leaves a run row and nothing else.
 */
export const createFeedRunner = (parts: FeedRunnerParts): FeedRunner => {
  const { feed, cryptlet, store, clock, events, metrics, transcripts } = parts;

  /** What the enclave recorded of a run that failed; an enclave that is gone took it along. */
  const recordedFailure = (run: RunId): Promise<RecordedTranscript | null> =>
    cryptlet.failedTranscript(run).catch(() => null);

  const publish = async (
    report: RunReport,
    reason: PublishReason,
    signal: AbortSignal | undefined,
  ): Promise<RunOutcome> => {
    const sealed = await parts.sealer.seal(report, signal ? { signal } : {});
    await commitSealed(parts, sealed, {
      receipt: report.receipt,
      end: { id: report.runId, transcript: transcripts.keepOf("published", report.transcript) },
    });
    metrics.runs.inc({ feed: feed.id, outcome: "published" });
    metrics.rounds.inc({ feed: feed.id, reason });
    return { status: "published", round: sealed.signed.observation.subject.round };
  };

  const execute = async (
    run: RunId,
    cause: RunCause,
    signal: AbortSignal | undefined,
  ): Promise<RunOutcome> => {
    const started = clock.monotonic();
    const report = await cryptlet.run(
      {
        id: cause.id,
        // To the Cryptlet both are somebody who asks.
        kind: cause.kind === "request" ? "manual" : cause.kind,
        feed: feed.config.feed,
        parameters: feed.config.parameters,
        at: cause.at,
      },
      signal ? { runId: run, signal } : { runId: run },
    );
    const durationMs = clock.monotonic() - started;
    metrics.runSeconds.observe({ feed: feed.id }, durationMs / 1_000);
    const { value, aggregation } = report.observation;
    const reason = decidePublication(
      await latestRound(store.db, feed.id),
      {
        feed: feed.id,
        draft: report.observation,
        mode: report.provenance[0]?.mode ?? null,
        requested: cause.kind === "request",
      },
      feed.config,
      clock.now(),
    );
    events.emit({
      type: "run-finished",
      feed: feed.id,
      run,
      sources: readSources(report),
      value: value.kind === "decimal" ? value.text : null,
      spread: aggregation.spread,
      publish: reason,
      durationMs,
    });
    if (reason !== null) return await publish(report, reason, signal);
    metrics.runs.inc({ feed: feed.id, outcome: "unchanged" });
    const end = { id: run, status: "unchanged", error: null } as const;
    const transcript = transcripts.keepOf("unchanged", report.transcript);
    const receiptJson = canonicalJson(report.receipt);
    const finishedAt = clock.now();
    await store.transaction(
      (trx) => closeRun(trx, { ...end, finishedAt, receiptJson, transcript }),
      {
        sync: "later",
      },
    );
    return { status: "unchanged" };
  };

  return {
    run: async (cause, options) => {
      const end = await recordRun(parts, {
        feed: feed.id,
        trigger: cause.id,
        failedTranscript: async (run) => transcripts.keepOf("failed", await recordedFailure(run)),
        work: (run) => execute(run, cause, options?.signal),
      });
      return end.status === "ended" ? end.result : end;
    },
  };
};
