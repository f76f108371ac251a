import type { FeedSchedule } from "./schedule.ts";

/** What is compared from round to round: an answer in the feed's decimals, or the digest of a record. */
export type Comparable =
  | { readonly kind: "decimal"; readonly answer: bigint }
  | { readonly kind: "record"; readonly digest: string };

export interface PublishQuestion {
  /** The feed's latest round; null when there is none. `issuedAt` is ms since epoch. */
  readonly previous: { readonly value: Comparable; readonly issuedAt: number } | null;
  readonly next: Comparable;
  /** ms since epoch. */
  readonly now: number;
  readonly schedule: FeedSchedule;
}

/** Why a round is made; `request`: somebody asked for one, and nothing else asked for it. */
export type PublishReason = "first" | "deviation" | "heartbeat" | "request";

const MILLION = 1_000_000n;

/**
 * Why a run's result becomes a round; null when it does not. A change is looked at first, so that a round made for both
 * says `deviation`.
 * @example
 * ```ts
 * publishReason({ previous: null, next, now, schedule }); // "first"
 * ```
 */
export const publishReason = ({
  previous,
  next,
  now,
  schedule,
}: PublishQuestion): Exclude<PublishReason, "request"> | null => {
  if (!previous) return "first";
  if (changed(previous.value, next, schedule.deviationPpm)) return "deviation";
  const age = now - previous.issuedAt;
  // The last run that still keeps the heartbeat. A clock that went back makes the age negative: better one round more.
  return age < 0 || age + schedule.intervalMs > schedule.heartbeatMs ? "heartbeat" : null;
};

const changed = (previous: Comparable, next: Comparable, ppm: number | null): boolean => {
  if (previous.kind !== next.kind) return true;
  if (previous.kind === "record") return next.kind === "record" && previous.digest !== next.digest;
  return (
    next.kind === "decimal" && ppm !== null && deviates(previous.answer, next.answer, BigInt(ppm))
  );
};

/**
 * Whether `next` is at least `ppm` parts per million of `previous` away from it. Exact, for any sign; from zero every
 * change counts, and no change never does.
 */
export const deviates = (previous: bigint, next: bigint, ppm: bigint): boolean =>
  previous !== next && absolute(next - previous) * MILLION >= ppm * absolute(previous);

const absolute = (value: bigint): bigint => (value < 0n ? -value : value);
