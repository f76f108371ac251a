import { createHash } from "node:crypto";

/**
 * Offset of a feed's slots inside its interval, ms: always the same for a feed and spread evenly over feeds, so that
 * many feeds of one interval do not all ask their sources at the same moment.
 */
export const phaseOf = (feed: string, intervalMs: number): number =>
  createHash("sha256").update(feed).digest().readUInt32BE(0) % intervalMs;

/** The latest slot at or before `at`. Slots are `phase + k * intervalMs` ms since epoch, whole numbers. */
export const slotAt = (at: number, intervalMs: number, phase: number): number =>
  Math.floor((at - phase) / intervalMs) * intervalMs + phase;

/** Which slot fires next. */
export interface NextSlot {
  readonly slot: number;
  /** Slots that passed unused before it. */
  readonly missed: number;
}

/**
 * The slot to fire at `at` after `last`. Slots missed while the host was down are one event, for the newest of them.
 * A clock that went back does not bring slots back: they go on counting, so that no key is used twice.
 */
export const nextSlot = (
  at: number,
  last: number | null,
  intervalMs: number,
  phase: number,
): NextSlot => {
  const current = slotAt(at, intervalMs, phase);
  if (last === null) return { slot: current, missed: 0 };
  const slot = current > last ? current : last + intervalMs;
  return { slot, missed: Math.max(0, Math.floor((slot - last) / intervalMs) - 1) };
};
