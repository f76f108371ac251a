import { z } from "zod";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { type Digest, digestHex, digestSchema, type FeedId } from "../../src/core/ids.ts";
import { digestOf } from "../../src/crypto/hashes.ts";
import { canonicalJson } from "../../src/envelope/canonical-json.ts";
import { createSealedState, type StateSealer } from "../capabilities/state/sealed-state.ts";
import type { StateBackend } from "../capabilities/state/state-backend.ts";
import type { StateStore } from "../capabilities/state/state-store.ts";

/** The newest statement of a feed that this enclave stands by. */
export interface StandingRound {
  readonly round: number;
  readonly epoch: number;
  /** Digest of the envelope: which statement it was. */
  readonly statement: Digest;
}

/**
 * What an enclave signed of the feeds that it signs together with others, sealed and on the disk before a signature
 * leaves: neither a restart nor a crash makes it say two things about one round.
 */
export interface StandingRounds {
  /** Throws `STATE_UNAVAILABLE`, `STATE_REFUSED`. */
  last(feed: FeedId): Promise<StandingRound | null>;
  /**
   * Stands by a statement from here on; the same one again changes nothing.
   * Throws `ROUND_EQUIVOCATION`, `EPOCH_STALE`, `STATE_UNAVAILABLE`, `STATE_REFUSED`, `STATE_CONFLICT`.
   */
  enter(feed: FeedId, next: StandingRound): Promise<void>;
}

/** How far an epoch may be ahead of the last one: nobody can use all of them up. */
const MAX_EPOCH_STEP = 65_536;
const ENTRY = "round";
const count = z.int().min(0).max(0xffff_ffff);
const standingSchema = z.strictObject({ round: count, epoch: count, statement: digestSchema });

/** True where a feed stands by exactly this statement already. */
export const isStanding = (last: StandingRound | null, next: StandingRound): boolean =>
  last?.round === next.round && last.statement === next.statement && last.epoch === next.epoch;

/** Whether a statement may follow. Throws `ROUND_EQUIVOCATION`, `EPOCH_STALE`. */
export const checkStanding = (
  feed: FeedId,
  last: StandingRound | null,
  next: Pick<StandingRound, "round" | "epoch">,
): void => {
  if (!last) return;
  const { round, epoch } = next;
  if (round <= last.round)
    throw fabricError("ROUND_EQUIVOCATION", { feed, round, last: last.round });
  if (epoch < last.epoch || epoch > last.epoch + MAX_EPOCH_STEP)
    throw fabricError("EPOCH_STALE", { feed, epoch, last: last.epoch });
};

export const createStandingRounds = (parts: {
  readonly cryptlet: string;
  /** What the memory belongs to: fabric, Cryptlet, whom it is sealed to. */
  readonly owner: readonly string[];
  readonly backend: StateBackend;
  readonly sealer: StateSealer;
}): StandingRounds => {
  const { cryptlet, backend, sealer } = parts;
  const stores = new Map<FeedId, StateStore>();
  const storeOf = (feed: FeedId): StateStore => {
    const known = stores.get(feed);
    if (known) return known;
    // Names would be too long for a scope, and are the host's to know anyway.
    const name = digestHex(digestOf(Buffer.from(canonicalJson([...parts.owner, feed]))));
    const made = createSealedState({ cryptlet, scope: `rounds/${name}`, backend, sealer });
    stores.set(feed, made);
    return made;
  };
  const read = async (feed: FeedId) => {
    const { version, entries } = await storeOf(feed).open();
    const text = entries.get(ENTRY);
    if (text === undefined) return { version, last: null };
    return { version, last: standingSchema.parse(JSON.parse(text)) };
  };
  return {
    last: async (feed) => (await read(feed)).last,
    enter: async (feed, next) => {
      const { version, last } = await read(feed);
      if (isStanding(last, next)) return;
      checkStanding(feed, last, next);
      await storeOf(feed).apply(version, new Map([[ENTRY, canonicalJson(next)]]));
    },
  };
};
