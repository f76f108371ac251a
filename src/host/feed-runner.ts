import type { LoadedCryptlet, RunReport } from "../../enclave-sim/host/enclave.ts";
import type { RecordedTranscript } from "../../enclave-sim/protocol/sealed-transcript.ts";
import type { Clock } from "../core/clock.ts";
import { toWire } from "../core/errors/wire.ts";
import { createRunId, type FabricId, type RunId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { digestOf } from "../crypto/hashes.ts";
import { buildBundle, serializeBundle, type Evidence } from "../envelope/bundle.ts";
import { canonicalJson } from "../envelope/canonical-json.ts";
import { commitRound } from "../store/commit-round.ts";
import { latestRound } from "../store/rounds.ts";
import { closeRun, openRun } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import type { PublishReason } from "../triggers/publish-reason.ts";
import type { FabricEvents } from "./fabric-events.ts";
import type { FabricMetrics } from "./fabric-metrics.ts";
import type { FeedDefinition } from "./feed-definition.ts";
import type { LatestRounds } from "./latest-rounds.ts";
import { decidePublication } from "./publication.ts";
import { roundMessageId, roundSubject } from "./round-message.ts";
import { toRoundRow, viewObservation } from "./round-view.ts";
import { readSources } from "./run-sources.ts";
import type { TranscriptKeeper } from "./transcript-keeper.ts";

/** Signing hosts of one fabric count up from here when several of them take turns (a later part). */
const EPOCH = 1;

/** What a run is started for. */
export interface RunCause {
  /** Idempotency key. */
  readonly id: string;
  readonly kind: "interval" | "manual";
  /** ms since epoch. */
  readonly at: number;
}

/** Everything a feed's runs need. */
export interface FeedRunnerParts {
  readonly fabric: FabricId;
  readonly feed: FeedDefinition;
  readonly cryptlet: LoadedCryptlet;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: FabricEvents;
  readonly metrics: FabricMetrics;
  readonly latest: LatestRounds;
  readonly transcripts: TranscriptKeeper;
  /** What stands behind the Cryptlet's keys now. */
  readonly evidence: () => Evidence;
  /** Called after a commit: the outbox has something to publish. */
  readonly onCommitted: () => void;
}

/** Runs of one feed, one at a time. */
export interface FeedRunner {
  /** From trigger to committed round. Never throws because of the Cryptlet or its sources: the run's row says what happened. */
  run(cause: RunCause, options?: { signal?: AbortSignal }): Promise<void>;
}

/**
 * One run: stored first, then executed, then, where the publication rule asks for it, signed and committed together
 * with its envelope and outbox row. A value that is not published leaves a run row and nothing else.
 */
export const createFeedRunner = (parts: FeedRunnerParts): FeedRunner => {
  const { feed, cryptlet, store, clock, log, events, metrics, transcripts } = parts;

  /** What the enclave recorded of a run that failed; an enclave that is gone took it along. */
  const recordedFailure = (run: RunId): Promise<RecordedTranscript | null> =>
    cryptlet.failedTranscript(run).catch(() => null);

  const fail = async (run: RunId, error: unknown): Promise<void> => {
    const wire = toWire(error);
    metrics.runs.inc({ feed: feed.id, outcome: wire.code });
    log.warn("run failed", { feed: feed.id, run, code: wire.code, reason: wire.message });
    const transcript = transcripts.keepOf("failed", await recordedFailure(run));
    const finishedAt = clock.now();
    const end = { id: run, status: "failed", error: wire.code, receiptJson: null } as const;
    await store.transaction((trx) => closeRun(trx, { ...end, finishedAt, transcript }), {
      sync: "later",
    });
    events.emit({ type: "run-failed", feed: feed.id, run, error: wire });
  };

  const publish = async (
    report: RunReport,
    reason: PublishReason,
    signal: AbortSignal | undefined,
  ): Promise<void> => {
    const previous = await latestRound(store.db, feed.id);
    const round = (previous?.round ?? 0) + 1;
    const signed = await cryptlet.sign(
      {
        runId: report.runId,
        feed: feed.id,
        round,
        epoch: EPOCH,
        previous: previous?.envelopeDigest ?? null,
      },
      signal ? { signal } : {},
    );
    const bundleJson = serializeBundle(
      buildBundle({
        envelope: signed.envelope,
        onchain: signed.onchain,
        keys: [...cryptlet.keys],
        run: report.receipt,
      }),
    );
    const evidenceJson = canonicalJson(parts.evidence());
    const view = viewObservation(signed, true);
    const messageId = roundMessageId(feed.id, round, view.envelopeDigest);
    const at = clock.now();
    await store.transaction((trx) =>
      commitRound(trx, {
        round: toRoundRow(view, report.runId),
        bundleJson,
        // Many envelopes stand on one piece of evidence: it is kept once, and off the bus.
        evidence: { digest: digestOf(Buffer.from(evidenceJson)), json: evidenceJson },
        outbox: {
          subject: roundSubject(parts.fabric, feed.id),
          messageId,
          payload: Buffer.from(bundleJson),
        },
        run: {
          id: report.runId,
          status: "published",
          finishedAt: at,
          error: null,
          receiptJson: canonicalJson(report.receipt),
          transcript: transcripts.keepOf("published", report.transcript),
        },
        at,
      }),
    );
    metrics.runs.inc({ feed: feed.id, outcome: "published" });
    metrics.rounds.inc({ feed: feed.id, reason });
    metrics.latestRound.set({ feed: feed.id }, round);
    metrics.latestObservedAt.set({ feed: feed.id }, view.observedAt / 1_000);
    const committed = parts.latest.commit(view);
    parts.onCommitted();
    log.info("round committed", { feed: feed.id, round, reason, envelope: view.envelopeDigest });
    events.emit({
      type: "round-committed",
      round: committed,
      outboxMessageId: messageId,
      signer: signed.envelope.signatures[0]?.keyid ?? "",
    });
  };

  const execute = async (run: RunId, cause: RunCause, signal: AbortSignal | undefined) => {
    const started = clock.monotonic();
    const report = await cryptlet.run(
      {
        id: cause.id,
        kind: cause.kind,
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
      { feed: feed.id, draft: report.observation, mode: report.provenance[0]?.mode ?? null },
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
    if (reason !== null) {
      await publish(report, reason, signal);
      return;
    }
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
  };

  return {
    async run(cause, options) {
      const run = createRunId();
      await store.transaction(
        (trx) =>
          openRun(trx, { id: run, feed: feed.id, triggerId: cause.id, startedAt: clock.now() }),
        { sync: "later" },
      );
      events.emit({ type: "run-started", feed: feed.id, run, trigger: cause.id });
      try {
        await execute(run, cause, options?.signal);
      } catch (error) {
        await fail(run, error);
      }
    },
  };
};
