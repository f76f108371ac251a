import { fabricError } from "../core/errors/fabric-error.ts";
import type { Digest } from "../core/ids.ts";
import type { Observation } from "./observation.ts";

/** What a consumer remembers of the last round it accepted of a feed. */
export interface KnownRound {
  readonly round: number;
  /** ms since epoch. */
  readonly observedAt: number;
  readonly envelopeDigest: Digest;
}

/**
 * Whether an observation may follow the last accepted one: round and `observedAt` strictly increase, and a direct
 * successor names its predecessor's envelope. Returns how many rounds lie between the two.
 * Throws `OBSERVATION_REPLAYED`, `CHAIN_BROKEN`.
 */
export const checkSuccession = (previous: KnownRound, next: Observation): number => {
  const { round } = next.subject;
  const refuse = (reason: string): never => {
    throw fabricError("OBSERVATION_REPLAYED", { round, previous: previous.round, reason });
  };
  if (round <= previous.round) refuse("the round does not increase");
  if (next.observedAt <= previous.observedAt) refuse("observedAt does not increase");
  if (round === previous.round + 1 && next.previous?.envelopeDigest !== previous.envelopeDigest)
    throw fabricError("CHAIN_BROKEN", { round, previous: previous.round });
  return round - previous.round - 1;
};
