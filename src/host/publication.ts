import { rescale } from "../core/decimal.ts";
import { parseDecimal } from "../core/parse-decimal.ts";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { FeedId } from "../core/ids.ts";
import { canonicalJson } from "../envelope/canonical-json.ts";
import { digestOf } from "../crypto/hashes.ts";
import type { FeedValue, ObservationDraft, SourceMode } from "../sdk/abi.ts";
import type { RoundRow } from "../store/rounds.ts";
import type { FeedSchedule } from "../triggers/schedule.ts";
import { publishReason, type Comparable, type PublishReason } from "../triggers/publish-reason.ts";

/** What a run gave, as far as the decision needs it. */
export interface Candidate {
  readonly feed: FeedId;
  readonly draft: Pick<ObservationDraft, "value" | "observedAt">;
  /** Mode of the sources; null when none was asked. */
  readonly mode: SourceMode | null;
  /** Somebody asked for a round: it is made without another reason. */
  readonly requested?: boolean;
}

const compared = (value: FeedValue): Comparable =>
  value.kind === "decimal"
    ? { kind: "decimal", answer: rescale(parseDecimal(value.text), value.decimals).value }
    : { kind: "record", digest: digestOf(new TextEncoder().encode(canonicalJson(value.fields))) };

const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1_000);

/**
 * Whether a run's value becomes the feed's next round, and why. A value whose `observedAt` is not later than the
 * previous round's, in the whole seconds that contracts compare, never does: a contract would refuse it.
 * Throws `SOURCE_MODE_CHANGED`: one feed is never made of live rounds and emulated ones.
 */
export const decidePublication = (
  previous: RoundRow | null,
  { feed, draft, mode, requested = false }: Candidate,
  schedule: FeedSchedule,
  now: number,
): PublishReason | null => {
  if (previous && mode !== null && previous.mode !== mode)
    throw fabricError("SOURCE_MODE_CHANGED", { feed, before: previous.mode, now: mode });
  const reason = publishReason({
    previous: previous && {
      value: compared(JSON.parse(previous.valueJson) as FeedValue),
      issuedAt: previous.issuedAt,
    },
    next: compared(draft.value),
    now,
    schedule,
  });
  if (previous && seconds(draft.observedAt) <= seconds(previous.observedAt)) return null;
  return reason ?? (requested ? "request" : null);
};
