import { fabricError } from "../../src/core/errors/fabric-error.ts";
import type { FeedId, RunId } from "../../src/core/ids.ts";
import { canonicalJson } from "../../src/envelope/canonical-json.ts";
import type { ServedFeed, SignedObservation, SignRequest } from "./enclave.ts";

/** What the enclave has signed in its lifetime, so that it never says two things about one round. */
export interface RoundBook {
  /** The bytes of the very same request, when they were signed before. Throws `ROUND_EQUIVOCATION`. */
  check(request: SignRequest): SignedObservation | undefined;
  enter(request: SignRequest, signed: SignedObservation): void;
}

/** One round that was signed, as whoever starts an enclave again remembers it. */
export interface RoundEntry {
  readonly request: SignRequest;
  readonly signed: SignedObservation;
}

interface Entry {
  readonly request: string;
  readonly runId: RunId;
  readonly round: number;
  readonly signed: SignedObservation;
}

/**
 * Rounds of each feed only go up, and one run makes one round of a feed. `before` are rounds that an earlier enclave
 * signed; a feed's `lastRound` is the newest that its host has in its records, of which no bytes can be given again.
 */
export const createRoundBook = (
  before: readonly RoundEntry[] = [],
  feeds: readonly Pick<ServedFeed, "feed" | "lastRound">[] = [],
): RoundBook => {
  const last = new Map<FeedId, Entry>();
  const floors = new Map(feeds.map(({ feed, lastRound = 0 }) => [feed, lastRound]));
  const enter: RoundBook["enter"] = (request, signed) => {
    const { feed, runId, round } = request;
    last.set(feed, { request: canonicalJson(request), runId, round, signed });
  };
  for (const { request, signed } of before) enter(request, signed);
  return {
    check: (request) => {
      const { feed, runId, round } = request;
      const entry = last.get(feed);
      if (entry?.request === canonicalJson(request)) return entry.signed;
      const newest = Math.max(entry?.round ?? 0, floors.get(feed) ?? 0);
      if (round <= newest || runId === entry?.runId)
        throw fabricError("ROUND_EQUIVOCATION", { feed, round, last: newest });
      return undefined;
    },
    enter,
  };
};
