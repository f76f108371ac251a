import type { FeedAnswer, RoundAnswer } from "../client/answers.ts";
import { formatDecimal } from "../core/decimal.ts";
import { formatBatch } from "./batch-text.ts";
import { formatDuration, formatTime } from "./duration.ts";
import { toJsonText } from "./output.ts";
import type { Style } from "./style.ts";
import { formatTable } from "./table.ts";

/** The answer with its point and unit, the members of a batch, or the record as JSON. */
export const formatValue = (
  round: Pick<RoundAnswer, "answer" | "value">,
  feed: Pick<FeedAnswer, "decimals" | "unit">,
): string =>
  round.answer === null || feed.decimals === null
    ? (formatBatch(round.value) ?? toJsonText(round.value))
    : `${formatDecimal({ value: BigInt(round.answer), decimals: feed.decimals })} ${feed.unit ?? ""}`.trimEnd();

/** How old a round is and whether it may still be used, at `now` in ms since epoch. */
export const judgeAge = (round: Pick<RoundAnswer, "observedAt" | "validUntil">, now: number) => ({
  ageMs: now - round.observedAt,
  stale: now > round.validUntil,
});

/** One round as a block of lines. */
export const formatRound = (
  round: RoundAnswer,
  feed: FeedAnswer,
  now: number,
  style: Style,
): string => {
  const { ageMs, stale } = judgeAge(round, now);
  const rest = formatDuration(Math.abs(round.validUntil - now));
  const rows = [
    ["feed", feed.id],
    ["value", style.bold(formatValue(round, feed))],
    ["round", String(round.round)],
    ["observed", `${formatTime(round.observedAt)} (${formatDuration(ageMs)} ago)`],
    ["use", stale ? style.bad(`STALE for ${rest}`) : style.good(`fresh for another ${rest}`)],
    ["sources", round.mode],
    ["enclave", round.simulated ? style.warn("SIMULATED: no hardware protects it") : "hardware"],
    ["envelope", round.envelopeDigest],
    ...round.deliveries.map(({ chain, contract, status, transaction }) => [
      "delivery",
      `${chain} ${contract} ${status}${transaction === null ? "" : ` in ${transaction}`}`,
    ]),
  ];
  return formatTable([], rows);
};
