import { bindingsOf, type Binding } from "../bindings/binding.ts";
import type { Bus, Consumption, Disposition, Message } from "../bus/bus.ts";
import type { Clock } from "../core/clock.ts";
import { isFabricError } from "../core/errors/fabric-error.ts";
import type { ChainName, FabricId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { VerificationReport } from "../envelope/verification-report.ts";
import { verifyBundle } from "../envelope/verify-bundle.ts";
import { applyOnce } from "../store/apply-once.ts";
import { importRound } from "../store/import-round.ts";
import { deliveryId, findDelivery, insertDeliveries } from "../store/deliveries.ts";
import type { Store } from "../store/store.ts";
import type { RoundTrust } from "./quorum-feeds.ts";
import { deliveryConsumer, roundMessageId, roundStream } from "./round-message.ts";
import { toRoundRow, viewObservation } from "./round-view.ts";

/** A handler only writes one transaction; what takes longer is stuck. What a dead host held comes again after it. */
const ACK_WAIT_MS = 5_000;
const MAX_DELIVER = 10;

export interface DeliveryIntakeParts {
  readonly bus: Bus;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly fabric: FabricId;
  readonly chain: ChainName;
  /** Name of this host where several take the same rounds; null where it is the only one. */
  readonly host: string | null;
  /** Keys that may sign rounds of this fabric. */
  readonly trust: RoundTrust;
  /** Bindings on this chain. */
  readonly bindings: readonly Binding[];
  /** Called after new deliveries are stored. */
  readonly onStored: () => void;
  readonly onProgress: () => void;
}

/** A stale round is authentic all the same: whether it may still land is the contract's word, and stands in its delivery. */
export const isAuthentic = ({ steps }: VerificationReport): boolean =>
  steps.every(({ step, status }) => status !== "failed" || step === "freshness");

const textOf = (data: Uint8Array): string => Buffer.from(data).toString("utf8");

/**
 * Takes envelopes off the bus, checks each one, and stores the deliveries that follow from it together with the
 * message's mark in one transaction: redelivered messages do nothing, and what does not verify becomes a dead letter.
 */
export const startDeliveryIntake = async (
  parts: DeliveryIntakeParts,
  options?: { signal?: AbortSignal },
): Promise<Consumption> => {
  const { bus, store, clock, log, fabric, chain, trust } = parts;
  const stream = roundStream(fabric);
  const durable = deliveryConsumer(chain, parts.host);

  const handle = async (message: Message): Promise<Disposition> => {
    parts.onProgress();
    const at = clock.now();
    const report = await verifyBundle(message.data, {
      trust: trust.policyFor(message.subject),
      at,
    });
    const { observation, envelopeDigest } = report;
    if (!isAuthentic(report) || observation === null || envelopeDigest === null) {
      const code = report.code ?? "ENVELOPE_MALFORMED";
      log.error("envelope refused", { chain, sequence: message.sequence, code });
      return { deadLetter: code };
    }
    trust.checkMembers(message.subject, message.data);
    const { feed, round } = observation.subject;
    const committed = viewObservation({ observation, envelopeDigest }, report.simulated !== false);
    const imported = { round: toRoundRow(committed, null), bundleJson: textOf(message.data) };
    const bindings = bindingsOf(parts.bindings, feed);
    const isNew = await store.transaction((trx) =>
      applyOnce(
        trx,
        {
          stream: message.stream,
          consumer: durable,
          sequence: message.sequence,
          // The message's own id is whoever's who sent it; what was verified says which round this is.
          messageId: roundMessageId(feed, round, envelopeDigest),
        },
        at,
        async () => {
          // A host that did not make the round delivers it from a record of its own.
          await importRound(trx, imported);
          // The same round under another message id, as after a stream that was made anew: its delivery stays as it is.
          const missing = [];
          for (const binding of bindings)
            if (!(await findDelivery(trx, deliveryId(feed, round, binding)))) missing.push(binding);
          await insertDeliveries(trx, { feed, round }, missing, at);
        },
      ),
    );
    if (isNew && bindings.length > 0) parts.onStored();
    return undefined;
  };

  return await bus.consume(
    {
      stream: stream.name,
      durable,
      ackWaitMs: ACK_WAIT_MS,
      maxDeliver: MAX_DELIVER,
      ...(options?.signal ? { signal: options.signal } : {}),
    },
    async (message) => {
      try {
        return await handle(message);
      } catch (error) {
        if (isFabricError(error, "ROUND_FORKED") || isFabricError(error, "THRESHOLD_NOT_MET")) {
          log.error("a round is refused", { chain, sequence: message.sequence, error });
          return { deadLetter: error.code };
        }
        log.warn("a message could not be taken; it comes again", {
          chain,
          sequence: message.sequence,
          error,
        });
        throw error;
      }
    },
  );
};
