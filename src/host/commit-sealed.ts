import type { Clock } from "../core/clock.ts";
import type { FabricId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { digestOf } from "../crypto/hashes.ts";
import { buildBundle, serializeBundle } from "../envelope/bundle.ts";
import { canonicalJson } from "../envelope/canonical-json.ts";
import type { RunReceipt } from "../envelope/run-receipt.ts";
import { commitRound } from "../store/commit-round.ts";
import type { RunEnd } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import type { FabricEvents } from "./fabric-events.ts";
import type { FabricMetrics } from "./fabric-metrics.ts";
import type { LatestRounds } from "./latest-rounds.ts";
import { roundMessageId, roundSubject } from "./round-message.ts";
import { evidenceToKeep, type SealedRound } from "./round-sealer.ts";
import { toRoundRow, viewObservation } from "./round-view.ts";

/** Where a signed round goes. */
export interface RoundCommitParts {
  readonly fabric: FabricId;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: FabricEvents;
  readonly metrics: FabricMetrics;
  readonly latest: LatestRounds;
  /** Called after a commit: the outbox has something to publish. */
  readonly onCommitted: () => void;
}

/** The run of this host that made the round. */
export interface CommittingRun {
  /** Null for a batch, which no Cryptlet's code made. */
  readonly receipt: RunReceipt | null;
  readonly end: Omit<RunEnd, "finishedAt" | "receiptJson" | "status" | "error">;
}

/**
 * Stores a signed round with its envelope, outbox row and the run's end in one transaction, then tells everybody. `run` is
 * null for a round that another host's run made. Throws `ROUND_OUT_OF_ORDER`.
 */
export const commitSealed = async (
  parts: RoundCommitParts,
  sealed: SealedRound,
  run: CommittingRun | null = null,
): Promise<void> => {
  const { fabric, store, clock, log, events, metrics, latest } = parts;
  const { signed } = sealed;
  const { feed, round } = signed.observation.subject;
  const bundleJson = serializeBundle(
    buildBundle({
      envelope: signed.envelope,
      onchain: signed.onchain,
      keys: [...sealed.keys],
      run: run?.receipt ?? null,
      ...(sealed.group ? { group: sealed.group } : {}),
    }),
  );
  const evidenceJson = canonicalJson(evidenceToKeep(sealed));
  const view = viewObservation(signed, true);
  const messageId = roundMessageId(feed, round, view.envelopeDigest);
  const at = clock.now();
  await store.transaction((trx) =>
    commitRound(trx, {
      round: toRoundRow(view, run?.end.id ?? null),
      bundleJson,
      mayLeaveGap: sealed.mayLeaveGap,
      // Many envelopes stand on one piece of evidence: it is kept once, and off the bus.
      evidence: { digest: digestOf(Buffer.from(evidenceJson)), json: evidenceJson },
      outbox: {
        subject: roundSubject(fabric, feed),
        messageId,
        payload: Buffer.from(bundleJson),
      },
      run: run && {
        ...run.end,
        status: "published",
        finishedAt: at,
        error: null,
        receiptJson: run.receipt && canonicalJson(run.receipt),
      },
      at,
    }),
  );
  metrics.latestRound.set({ feed }, round);
  metrics.latestObservedAt.set({ feed }, view.observedAt / 1_000);
  const committed = latest.commit(view);
  parts.onCommitted();
  log.info("round committed", { feed, round, envelope: view.envelopeDigest });
  events.emit({
    type: "round-committed",
    round: committed,
    outboxMessageId: messageId,
    signer: signed.envelope.signatures[0]?.keyid ?? "",
  });
};
