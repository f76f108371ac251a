import { guestError } from "./guest-error.ts";
import type { MarketState, ObservationDraft, SourceReading } from "./abi.ts";
import type { GuestFeed } from "./define-cryptlet.ts";
import type { Fixed } from "./fixed.ts";
import { findOutliers, median, spreadOf, type OutlierRule } from "./median.ts";
import type { SourceOutcome } from "./read-sources.ts";

/** What a decimal feed does with its sources. */
export interface AggregationRule extends OutlierRule {
  /** State of the market at the time of the run. */
  readonly market: MarketState;
}

/**
 * One observation from many sources: the median of what is left after outlier removal. Refuses with
 * `TOO_FEW_SOURCES` when fewer than the feed's `minSources` are left, and with `SOURCE_MODES_MIXED`.
 * `observedAt` is the lower median of the used sources' times, which one source alone cannot move.
 * @example
 * ```ts
 * aggregate(ctx.feed, readSources(ctx, sources), { mads: 5, floorPpm: 5_000, ceilingPpm: 20_000, market });
 * ```
 * A price that may be zero or negative needs an absolute floor beside: `absoluteFloor: "0.50"`.
 */
export const aggregate = (
  feed: GuestFeed,
  outcomes: readonly SourceOutcome[],
  rule: AggregationRule,
): ObservationDraft => {
  refuseMixedModes(outcomes);
  const outliers = outliersOf(outcomes, rule);
  const used = outcomes.flatMap(({ id, answer, reading }) =>
    reading && answer && !outliers.has(id)
      ? [{ price: reading.price, time: reading.observedAt ?? answer.receivedAt }]
      : [],
  );
  if (used.length < feed.minSources) throw tooFew(feed, outcomes, outliers, used.length);
  const prices = used.map(({ price }) => price);
  const decimals = feed.decimals ?? 0;
  const times = used.map(({ time }) => time).toSorted((a, b) => a - b);
  return {
    feed: feed.id,
    value: {
      kind: "decimal",
      text: median(prices).toText(decimals),
      decimals,
      unit: feed.unit ?? "",
    },
    observedAt: times[(times.length - 1) >> 1] ?? 0,
    market: rule.market,
    sources: outcomes.map((outcome) => readingOf(outcome, outliers)),
    aggregation: {
      method: methodOf(rule),
      minSources: feed.minSources,
      used: used.length,
      spread: spreadOf(prices).toText(decimals),
    },
  };
};

/** As it is signed: which rule made the value. */
const methodOf = ({ mads, floorPpm, ceilingPpm, absoluteFloor }: OutlierRule): string => {
  const absolute = absoluteFloor === undefined ? "" : `;abs=${absoluteFloor}`;
  return `median;mad=${mads};floor=${floorPpm}ppm;ceiling=${ceilingPpm}ppm${absolute}`;
};

const outliersOf = (outcomes: readonly SourceOutcome[], rule: OutlierRule): ReadonlySet<string> => {
  const priced = outcomes.flatMap(({ id, reading }): { id: string; price: Fixed }[] =>
    reading ? [{ id, price: reading.price }] : [],
  );
  const flags = findOutliers(
    priced.map(({ price }) => price),
    rule,
  );
  return new Set(priced.filter((_, at) => flags[at]).map(({ id }) => id));
};

const readingOf = (outcome: SourceOutcome, outliers: ReadonlySet<string>): SourceReading => ({
  id: outcome.id,
  reference: outcome.answer?.reference ?? null,
  extracted: outcome.reading?.price.toShortText() ?? null,
  observedAt: outcome.reading?.observedAt ?? null,
  outlier: outliers.has(outcome.id),
  error: outcome.error,
});

const tooFew = (
  feed: GuestFeed,
  outcomes: readonly SourceOutcome[],
  outliers: ReadonlySet<string>,
  used: number,
): Error => {
  const failures = outcomes.flatMap(({ id, error }) =>
    error ? [`${id}: ${error}`] : outliers.has(id) ? [`${id}: outlier`] : [],
  );
  return guestError("TOO_FEW_SOURCES", {
    used,
    minSources: feed.minSources,
    failures: failures.join(", "),
  });
};

/** Over every answer, used or not: an enclave has one mode, so a mix is a fault of its own. */
const refuseMixedModes = (outcomes: readonly SourceOutcome[]): void => {
  const modes = new Set(outcomes.flatMap(({ answer }) => (answer ? [answer.mode] : [])));
  if (modes.size > 1) throw guestError("SOURCE_MODES_MIXED", {});
};
