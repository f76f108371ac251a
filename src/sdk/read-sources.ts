import type { GuestRefusal, HttpAnswer, HttpRequest, SourceMode } from "./abi.ts";
import type { RunContext } from "./context.ts";
import type { Fixed } from "./fixed.ts";
import { guestError, toRefusal } from "./guest-error.ts";

/** An answer with status and body, as `http.all` gives it. */
export type ReceivedAnswer = Extract<HttpAnswer, { ok: true }>;

/** A price as one source gave it. */
export interface PriceReading {
  readonly price: Fixed;
  /** The source's own time, ms since epoch; null when it gives none. */
  readonly observedAt: number | null;
}

/** One price source: what to ask, and how to read the answer. */
export interface PriceSource {
  readonly id: string;
  readonly request: Omit<HttpRequest, "id">;
  /** Called for status 200 only. Throws an error of the catalogue; it costs this source only. */
  readonly extract: (answer: ReceivedAnswer) => PriceReading;
  /** Oldest own time that counts, in ms before the answer arrived; null for a source without a time. */
  readonly maxAgeMs: number | null;
}

/** What came of one source. */
export interface SourceOutcome {
  readonly id: string;
  /** Null when no answer came. */
  readonly answer: {
    readonly reference: number;
    readonly mode: SourceMode;
    readonly receivedAt: number;
  } | null;
  readonly reading: PriceReading | null;
  /** Code of what went wrong; null exactly when there is a reading. */
  readonly error: string | null;
}

/** A clock may run ahead of the enclave's by this many ms. */
const MAX_AHEAD_MS = 60_000;

/**
 * Asks every source at once and reads each answer on its own: a failure costs its source only and is logged.
 * @example
 * ```ts
 * const outcomes = readSources(ctx, [kraken, coinbase, bitfinex]);
 * ```
 */
export const readSources = (
  context: RunContext,
  sources: readonly PriceSource[],
): readonly SourceOutcome[] => {
  const answers = context.http.all(sources.map(({ id, request }) => ({ ...request, id })));
  return sources.map((source, at) => {
    const answer = answers[at];
    const outcome = readOne(source, answer);
    if (outcome.error !== null) context.log.warn(`source ${source.id}: ${outcome.reason}`);
    return {
      id: outcome.id,
      answer: outcome.answer,
      reading: outcome.reading,
      error: outcome.error,
    };
  });
};

const readOne = (
  source: PriceSource,
  answer: HttpAnswer | undefined,
): SourceOutcome & { readonly reason: string } => {
  const { id } = source;
  const failed = (error: GuestRefusal, from: ReceivedAnswer | null) => ({
    id,
    answer: from,
    reading: null,
    error: error.code,
    reason: `${error.code} ${JSON.stringify(error.arguments)}`,
  });
  if (!answer?.ok)
    return failed(
      answer?.error ?? toRefusal(guestError("HOST_CALL_REFUSED", { reason: "no answer" })),
      null,
    );
  try {
    if (answer.status !== 200) throw guestError("SOURCE_STATUS", { status: answer.status });
    const reading = source.extract(answer);
    refuseBadTime(reading.observedAt, answer.receivedAt, source.maxAgeMs);
    return { id, answer, reading, error: null, reason: "" };
  } catch (error) {
    return failed(toRefusal(error), answer);
  }
};

const refuseBadTime = (
  observedAt: number | null,
  receivedAt: number,
  maxAgeMs: number | null,
): void => {
  if (observedAt === null) return;
  const ageMs = receivedAt - observedAt;
  if (maxAgeMs !== null && ageMs > maxAgeMs) throw guestError("SOURCE_STALE", { ageMs, maxAgeMs });
  if (ageMs < -MAX_AHEAD_MS) throw guestError("SOURCE_FROM_FUTURE", { aheadMs: -ageMs });
};
