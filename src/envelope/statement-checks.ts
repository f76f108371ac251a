import { fabricError } from "../core/errors/fabric-error.ts";
import type { Digest } from "../core/ids.ts";
import type { Observation } from "./observation.ts";
import { toOnchainObservation, type OnchainObservation } from "./observation-solabi.ts";
import type { TrustPolicy } from "./trust-policy.ts";

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();

const refuse = (reason: string): never => {
  throw fabricError("STATEMENT_MALFORMED", { reason });
};

/** What a schema cannot say about one statement. Throws `STATEMENT_MALFORMED`. */
export const checkStatement = (observation: Observation): void => {
  const { aggregation, sources } = observation;
  const usable = sources.filter((source) => source.error === null && !source.outlier).length;
  if (aggregation.used < aggregation.minSources) refuse("fewer sources than the least were used");
  if (aggregation.used > usable) refuse("more sources were used than answered");
  if (observation.validUntil <= observation.issuedAt) refuse("it was never valid");
  if (observation.subject.round === 1 && observation.previous !== null)
    refuse("round 1 names a predecessor");
};

/** The one mode of all sources that answered; null where none did. Throws `SOURCE_MODES_MIXED`. */
export const sourceModeOf = (observation: Observation): "LIVE" | "EMULATED" | null => {
  const modes = new Set(observation.sources.flatMap(({ mode }) => (mode === null ? [] : [mode])));
  if (modes.size > 1) throw fabricError("SOURCE_MODES_MIXED", {});
  return [...modes][0] ?? null;
};

/** Both forms must state one fact, field by field. Throws `FORMS_DISAGREE`, `VALUE_NOT_ENCODABLE`. */
export const checkFormsAgree = (
  observation: Observation,
  statementDigest: Digest,
  onchain: OnchainObservation,
): void => {
  const expected = toOnchainObservation(observation, statementDigest);
  for (const field of Object.keys(expected) as (keyof OnchainObservation)[])
    if (expected[field] !== onchain[field]) throw fabricError("FORMS_DISAGREE", { field });
};

/** Age at `at` (ms since epoch). Returns it in ms. Throws `OBSERVATION_STALE`, `OBSERVATION_FROM_FUTURE`. */
export const checkFreshness = (
  observation: Observation,
  at: number,
  policy: Pick<TrustPolicy, "maxAgeMs" | "clockSkewMs">,
): number => {
  const { observedAt, issuedAt, validUntil } = observation;
  if (Math.max(observedAt, issuedAt) > at + policy.clockSkewMs)
    throw fabricError("OBSERVATION_FROM_FUTURE", { observedAt: iso(observedAt), at: iso(at) });
  const stale = (reason: string) =>
    fabricError("OBSERVATION_STALE", { observedAt: iso(observedAt), reason });
  if (at > validUntil) throw stale(`it was valid until ${iso(validUntil)}`);
  if (policy.maxAgeMs !== null && at - observedAt > policy.maxAgeMs)
    throw stale(`it is older than ${policy.maxAgeMs} ms`);
  return at - observedAt;
};
