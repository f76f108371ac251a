import manifest from "../cryptlet.json" with { type: "json" };
import {
  defineCryptlet,
  fabricError,
  type HttpAnswer,
  type Json,
  type ObservationDraft,
  type RunContext,
  type SourceReading,
} from "../../../../src/sdk/index.ts";
import { medianOf, toText } from "./price.ts";
import { readSource, SOURCES, type SourceId } from "./sources.ts";

// The specification, step by step, is ../../README.md.

const MIN_SOURCES = 2;
/** A price may lie one fiftieth of the median away from it. */
const OUTLIER = 50n;

interface Reading {
  readonly id: SourceId;
  readonly answer: HttpAnswer;
  readonly price: bigint | null;
  /** Code; null exactly when there is a price. */
  readonly fault: string | null;
}

const noParameters = (parameters: Json): null => {
  const empty =
    parameters === null ||
    (typeof parameters === "object" &&
      !Array.isArray(parameters) &&
      Object.keys(parameters).length === 0);
  if (!empty)
    throw fabricError("PARAMETERS_INVALID", {
      path: "(whole)",
      reason: "gold-median takes no parameters",
    });
  return null;
};

const run = (ctx: RunContext<null>): ObservationDraft => {
  const requests = SOURCES.map(({ id, url }) => ({ id, method: "GET" as const, url }));
  const answers = ctx.http.all(requests);
  const readings = SOURCES.flatMap((source, at): Reading[] => {
    const answer = answers[at];
    return answer ? [{ id: source.id, answer, ...readSource(source, answer) }] : [];
  });
  for (const { id, fault } of readings) if (fault !== null) ctx.log.warn(`${id}: ${fault}`);
  const middle = medianOf(readings.flatMap(({ price }) => price ?? []));
  const isOutlier = (price: bigint): boolean =>
    (price > middle ? price - middle : middle - price) * OUTLIER > middle;
  const used = readings.flatMap(({ price, answer }) =>
    price !== null && answer.ok && !isOutlier(price)
      ? [{ price, receivedAt: answer.receivedAt }]
      : [],
  );
  if (used.length < MIN_SOURCES)
    throw fabricError("TOO_FEW_SOURCES", {
      used: used.length,
      minSources: MIN_SOURCES,
      failures: readings
        .flatMap(({ id, price, fault }) => {
          if (fault !== null) return `${id}: ${fault}`;
          return price !== null && isOutlier(price) ? `${id}: outlier` : [];
        })
        .join(", "),
    });
  const prices = used.map(({ price }) => price).toSorted((a, b) => (a < b ? -1 : 1));
  return {
    feed: ctx.feed.id,
    value: {
      kind: "decimal",
      text: toText(medianOf(prices)),
      decimals: 8,
      unit: "USD per troy ounce",
    },
    observedAt: Math.min(...used.map(({ receivedAt }) => receivedAt)),
    market: { status: "unknown", session: null, nextOpen: null },
    sources: readings.map(({ id, answer, price, fault }): SourceReading => ({
      id,
      reference: answer.ok ? answer.reference : null,
      extracted: price === null ? null : toText(price),
      observedAt: null,
      outlier: price !== null && isOutlier(price),
      error: fault,
    })),
    aggregation: {
      method: "median;outlier=2%",
      minSources: MIN_SOURCES,
      used: used.length,
      spread: toText((prices.at(-1) ?? 0n) - (prices[0] ?? 0n)),
    },
  };
};

/** Gold in USD per troy ounce, as in every other language beside it. */
export const cryptlet = defineCryptlet({
  manifest,
  feeds: { "xau-usd": { parameters: noParameters } },
  run,
});
