import { fabricError } from "../../src/core/errors/fabric-error.ts";
import type { FeedId, RunId } from "../../src/core/ids.ts";
import { canonicalJson } from "../../src/envelope/canonical-json.ts";
import type { SignedObservation, SignRequest } from "./enclave.ts";

/** What the enclave has signed in its lifetime, so that it never says two things about one round. */
export interface RoundBook {
  /** The bytes of the very same request, when they were signed before. Throws `ROUND_EQUIVOCATION`. */
  check(request: SignRequest): SignedObservation | undefined;
  enter(request: SignRequest, signed: SignedObservation): void;
}

interface Entry {
  readonly request: string;
  readonly runId: RunId;
  readonly round: number;
  readonly signed: SignedObservation;
}

/** Rounds of each feed only go up, and one run makes one round of a feed. */
export const createRoundBook = (): RoundBook => {
  const last = new Map<FeedId, Entry>();
  return {
    check: (request) => {
      const entry = last.get(request.feed);
      if (!entry) return undefined;
      if (entry.request === canonicalJson(request)) return entry.signed;
      if (request.round <= entry.round || request.runId === entry.runId)
        throw fabricError("ROUND_EQUIVOCATION", {
          feed: request.feed,
          round: request.round,
          last: entry.round,
        });
      return undefined;
    },
    enter: (request, signed) => {
      const { feed, runId, round } = request;
      last.set(feed, { request: canonicalJson(request), runId, round, signed });
    },
  };
};
