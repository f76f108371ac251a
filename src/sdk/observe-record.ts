import type { MarketState, ObservationDraft, RecordField } from "./abi.ts";
import type { GuestFeed } from "./define-cryptlet.ts";
import type { ReceivedAnswer } from "./read-sources.ts";

/** A record as one source gave it. */
export interface RecordReading {
  readonly source: string;
  readonly answer: ReceivedAnswer;
  readonly fields: Readonly<Record<string, RecordField>>;
  /** ms since epoch of the record's last change; null when the source does not say. */
  readonly changedAt: number | null;
}

/** A record has no trading hours. */
const NO_MARKET: MarketState = { status: "unknown", session: null, nextOpen: null };
/** Longest extracted text that stands beside the source, in characters. */
const MAX_EXTRACTED = 4_096;

/**
 * One observation from one record. `observedAt` is when the source answered: that the record was so then is the fact.
 * @example
 * ```ts
 * observeRecord(ctx.feed, { source: "salesforce", answer, fields, changedAt });
 * ```
 */
export const observeRecord = (feed: GuestFeed, reading: RecordReading): ObservationDraft => ({
  feed: feed.id,
  value: { kind: "record", fields: reading.fields },
  observedAt: reading.answer.receivedAt,
  market: NO_MARKET,
  sources: [
    {
      id: reading.source,
      reference: reading.answer.reference,
      extracted: JSON.stringify(reading.fields).slice(0, MAX_EXTRACTED),
      observedAt: reading.changedAt,
      outlier: false,
      error: null,
    },
  ],
  aggregation: { method: "single-source", minSources: 1, used: 1, spread: "0" },
});
