import type { FabricId, FeedId } from "../core/ids.ts";
import type { StreamConfig } from "../bus/bus.ts";

const DAY_MS = 86_400_000;

/** Bus subject of a feed's rounds. */
export const roundSubject = (fabric: FabricId, feed: FeedId): string =>
  `cryptlet.${fabric}.round.${feed}`;

/** The same round has the same id after every restart, so that a second publication is known as one. */
export const roundMessageId = (feed: FeedId, round: number): string => `cryptlet:${feed}:${round}`;

/** Stream that carries all rounds of a fabric. */
export const roundStream = (fabric: FabricId): StreamConfig => ({
  name: `ROUNDS_${fabric.toUpperCase().replaceAll("-", "_").slice(0, 20)}`,
  subjects: [`cryptlet.${fabric}.round.>`],
  maxAgeMs: 7 * DAY_MS,
  // Longer than any restart: the outbox may publish again what it could not mark.
  duplicateWindowMs: DAY_MS,
});
