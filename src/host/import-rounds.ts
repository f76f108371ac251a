import type { Bus, Consumption, Disposition, Message } from "../bus/bus.ts";
import type { Clock } from "../core/clock.ts";
import { isFabricError } from "../core/errors/fabric-error.ts";
import type { FabricId, FeedId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import { importRound } from "../store/import-round.ts";
import type { Store } from "../store/store.ts";
import type { FabricEvents } from "./fabric-events.ts";
import type { FabricMetrics } from "./fabric-metrics.ts";
import { isAuthentic } from "./delivery-intake.ts";
import type { LatestRounds } from "./latest-rounds.ts";
import type { RoundTrust } from "./quorum-feeds.ts";
import { roundMessageId, roundStream } from "./round-message.ts";
import { toRoundRow, viewObservation } from "./round-view.ts";
import { verifyBundle } from "../envelope/verify-bundle.ts";

const ACK_WAIT_MS = 5_000;
const MAX_DELIVER = 20;

/**
 * Takes rounds of feeds with a quorum off the bus and keeps them, whichever host made them: each host's database and API
 * know every round. What does not verify under the members' keys becomes a dead letter.
 */
export const startRoundImport = async (parts: {
  readonly bus: Bus;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: FabricEvents;
  readonly metrics: FabricMetrics;
  readonly latest: LatestRounds;
  readonly fabric: FabricId;
  /** Name of this host: each has a durable consumer of its own. */
  readonly self: string;
  readonly feeds: ReadonlySet<FeedId>;
  readonly trust: RoundTrust;
  /** Called for every round that is on record now. */
  readonly onRecord: (feed: FeedId, round: number) => Promise<void>;
}): Promise<Consumption> => {
  const { bus, store, clock, log, trust, latest } = parts;

  const handle = async (message: Message): Promise<Disposition> => {
    const policy = trust.policyFor(message.subject);
    const report = await verifyBundle(message.data, { trust: policy, at: clock.now() });
    const { observation, envelopeDigest } = report;
    if (!isAuthentic(report) || observation === null || envelopeDigest === null) {
      const code = report.code ?? "ENVELOPE_MALFORMED";
      log.error("a round on the bus is refused", { sequence: message.sequence, code });
      return { deadLetter: code };
    }
    const { feed, round } = observation.subject;
    if (!parts.feeds.has(feed)) return undefined;
    trust.checkMembers(message.subject, message.data);
    const view = viewObservation({ observation, envelopeDigest }, report.simulated !== false);
    const bundleJson = Buffer.from(message.data).toString("utf8");
    const isNew = await store.transaction((trx) =>
      importRound(trx, { round: toRoundRow(view, null), bundleJson }),
    );
    await parts.onRecord(feed, round);
    // A host's chains may have imported it before.
    if ((latest.view(feed)?.round ?? 0) < round) {
      const committed = latest.commit(view);
      parts.metrics.latestRound.set({ feed }, round);
      parts.metrics.latestObservedAt.set({ feed }, view.observedAt / 1_000);
      parts.events.emit({
        type: "round-committed",
        round: committed,
        outboxMessageId: roundMessageId(feed, round, envelopeDigest),
        signer: "",
      });
    }
    if (isNew) log.info("round of another host", { feed, round, envelope: envelopeDigest });
    return undefined;
  };

  return await bus.consume(
    {
      stream: roundStream(parts.fabric).name,
      durable: `import-${parts.self}`,
      ackWaitMs: ACK_WAIT_MS,
      maxDeliver: MAX_DELIVER,
    },
    async (message) => {
      try {
        return await handle(message);
      } catch (error) {
        if (isFabricError(error, "ROUND_FORKED") || isFabricError(error, "THRESHOLD_NOT_MET")) {
          log.error("a round on the bus is refused", { sequence: message.sequence, error });
          return { deadLetter: error.code };
        }
        throw error;
      }
    },
  );
};
