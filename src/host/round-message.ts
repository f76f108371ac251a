import { type ChainName, type Digest, digestHex, type FabricId, type FeedId } from "../core/ids.ts";
import type { StreamConfig } from "../bus/bus.ts";

const DAY_MS = 86_400_000;

/** Bus subject of a feed's rounds. */
export const roundSubject = (fabric: FabricId, feed: FeedId): string =>
  `cryptlet.${fabric}.round.${feed}`;

/** Characters of the digest that stand in an id: 128 bits. */
const DIGEST_CHARACTERS = 32;

/**
 * The same round has the same id after every restart, so that a second publication is known as one. It ends with the
 * envelope's digest, which nobody knows before the round is signed: a stranger on the bus could otherwise use up the ids
 * of rounds to come, and the bus would drop those as duplicates.
 */
export const roundMessageId = (feed: FeedId, round: number, envelope: Digest): string =>
  `cryptlet:${feed}:${round}:${digestHex(envelope).slice(0, DIGEST_CHARACTERS)}`;

/** Stream that carries all rounds of a fabric. */
export const roundStream = (fabric: FabricId): StreamConfig => ({
  name: `ROUNDS_${fabric.toUpperCase().replaceAll("-", "_").slice(0, 20)}`,
  subjects: [`cryptlet.${fabric}.round.>`],
  maxAgeMs: 7 * DAY_MS,
  // Longer than any restart: the outbox may publish again what it could not mark.
  duplicateWindowMs: DAY_MS,
});

/** Durable consumer that takes rounds off the bus for a chain; each host of a quorum has its own. */
export const deliveryConsumer = (chain: ChainName, host: string | null): string =>
  host === null ? `deliver-${chain}` : `deliver-${chain}-${host}`;
