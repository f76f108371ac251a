import { rescale } from "../../src/core/decimal.ts";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import type { Digest, FeedId } from "../../src/core/ids.ts";
import { parseDecimal } from "../../src/core/parse-decimal.ts";
import { canonicalJson } from "../../src/envelope/canonical-json.ts";
import type { Observation } from "../../src/envelope/observation.ts";
import { checkStatement, sourceModeOf } from "../../src/envelope/statement-checks.ts";
import type { Manifest } from "../../src/sdk/manifest.ts";
import { checkDraft, type HeldRun, MAX_AHEAD_MS } from "./build-observation.ts";
import type { FeedAgreement, ServedFeed } from "./enclave.ts";
import type { Proposal } from "./endorsement.ts";

/** How far a round may be ahead of what is known: tries that found no quorum leave gaps, and no more than so many. */
export const MAX_ROUND_STEP = 1_000;
const PPM = 1_000_000n;

/** What a statement of another host is held against. */
export interface ProposalFacts {
  readonly fabric: string;
  readonly manifest: Manifest;
  readonly measurement: Digest;
  readonly served: ServedFeed & { readonly quorum: FeedAgreement };
  /** Own run of the same feed. */
  readonly run: HeldRun;
  readonly latest: Proposal["latest"];
  /** Newest round that this enclave stands by; 0 for none. */
  readonly standing: number;
  /** ms since epoch. */
  readonly now: number;
}

type Value = Observation["value"];

const scaled = (value: Extract<Value, { kind: "decimal" }>): bigint =>
  rescale(parseDecimal(value.text), value.decimals).value;

const distance = (a: bigint, b: bigint): bigint => (a < b ? b - a : a - b);

/** True where `proposed` is at most so many parts per million of `own` away from it. Nothing but 0 is near 0. */
export const isWithin = (proposed: bigint, own: bigint, tolerancePpm: number): boolean =>
  distance(proposed, own) * PPM <= BigInt(tolerancePpm) * distance(own, 0n);

const textOf = (value: Value): string =>
  value.kind === "decimal" ? value.text : "a record with other fields";

/**
 * Whether this enclave may sign another host's statement: everything that both know alike is equal, value and times are
 * within the agreement of its own run. What only the leader saw - its sources' answers, its run - is the leader's word.
 * Throws `ENDORSEMENT_REFUSED` with the field, `VALUE_OUT_OF_TOLERANCE`, `OBSERVATION_REFUSED` (its own run would not be
 * signed either), `STATEMENT_MALFORMED`, `SOURCE_MODES_MIXED`.
 */
export const checkProposal = (proposal: Observation, facts: ProposalFacts): void => {
  const { manifest, served, run, now } = facts;
  const { feed } = served;
  const { round } = proposal.subject;
  const refuse = (field: string, reason: string): never => {
    throw fabricError("ENDORSEMENT_REFUSED", { feed, round, field, reason });
  };
  checkStatement(proposal);
  checkIdentity(proposal, facts, refuse);
  checkPlace(proposal, facts, refuse);
  checkTimes(proposal, facts, refuse);

  const declared = manifest.feeds.find(({ id }) => id === served.cryptletFeed);
  if (!declared) return refuse("feed", "the manifest has no such feed");
  if (run.trigger.feed !== served.cryptletFeed || run.draft.feed !== served.cryptletFeed)
    return refuse("run", "the own run was of another feed");
  if (canonicalJson(run.trigger.parameters) !== canonicalJson(served.parameters))
    return refuse("run", "the own run had other parameters");
  const ownSources = checkDraft(
    run.draft,
    { feed: declared, provenance: run.provenance, now },
    (reason) => {
      throw fabricError("OBSERVATION_REFUSED", { feed, reason });
    },
  );
  const mode = ownSources.find((source) => source.mode !== null)?.mode ?? null;
  if (sourceModeOf(proposal) !== mode) return refuse("sources", "they were reached in another way");
  if (proposal.aggregation.minSources < declared.minSources)
    return refuse("aggregation", `the manifest demands ${declared.minSources} sources`);
  if (proposal.market.status !== run.draft.market.status)
    return refuse("market", `the own run says ${run.draft.market.status}`);
  checkValue(proposal.value, run.draft.value, facts, { feed, round, refuse });
};

type Refuse = (field: string, reason: string) => never;

const checkIdentity = (
  { subject, cryptlet }: Observation,
  { fabric, manifest, measurement, served }: ProposalFacts,
  refuse: Refuse,
): void => {
  if (subject.fabric !== fabric) refuse("fabric", `it is ${subject.fabric}`);
  if (subject.feed !== served.feed) refuse("feed", `it is ${subject.feed}`);
  // Fabric, Cryptlet, feed and parameters are under it.
  if (subject.feedHash !== served.feedHash) refuse("feedHash", "other parameters or another feed");
  if (cryptlet.id !== manifest.id) refuse("cryptlet", `it is ${cryptlet.id}`);
  if (cryptlet.version !== manifest.version) refuse("version", `it is ${cryptlet.version}`);
  if (cryptlet.measurement !== measurement) refuse("measurement", "other code");
};

/** Where in the feed's chain it stands. */
const checkPlace = (
  { subject, previous }: Observation,
  { latest, standing }: ProposalFacts,
  refuse: Refuse,
): void => {
  const newest = latest?.round ?? 0;
  if (subject.round <= newest) refuse("round", `round ${newest} is on record`);
  if (subject.round > Math.max(newest, standing) + MAX_ROUND_STEP)
    refuse("round", `more than ${MAX_ROUND_STEP} ahead of ${Math.max(newest, standing)}`);
  if ((previous?.envelopeDigest ?? null) !== (latest?.envelopeDigest ?? null))
    refuse(
      "previous",
      latest ? `round ${newest} is another envelope here` : "no round is on record",
    );
};

const checkTimes = (
  proposal: Observation,
  { served, run, now }: ProposalFacts,
  refuse: Refuse,
): void => {
  const { observedAt, issuedAt, validUntil } = proposal;
  const { windowMs } = served.quorum;
  if (Math.abs(issuedAt - now) > windowMs)
    refuse("issuedAt", `more than ${windowMs} ms from this enclave's time`);
  if (validUntil !== issuedAt + served.validForMs)
    refuse("validUntil", `the feed's values hold for ${served.validForMs} ms`);
  if (observedAt > now + MAX_AHEAD_MS) refuse("observedAt", "it lies in the future");
  if (Math.abs(observedAt - run.draft.observedAt) > windowMs)
    refuse("observedAt", `more than ${windowMs} ms from the own run's`);
  if (Math.abs(now - run.finishedAt) > windowMs)
    refuse("run", `the own run is more than ${windowMs} ms old`);
};

const checkValue = (
  proposed: Value,
  own: Value,
  { served }: ProposalFacts,
  { feed, round, refuse }: { feed: FeedId; round: number; refuse: Refuse },
): void => {
  const { tolerancePpm } = served.quorum;
  if (proposed.kind === "decimal" && own.kind === "decimal") {
    if (proposed.decimals !== own.decimals || proposed.unit !== own.unit)
      return refuse("value", `the feed is in ${own.unit} with ${own.decimals} decimals`);
    if (parseDecimal(proposed.text).decimals > proposed.decimals)
      return refuse("value", "it has more digits than decimals");
    if (isWithin(scaled(proposed), scaled(own), tolerancePpm ?? 0)) return undefined;
  } else if (canonicalJson(proposed) === canonicalJson(own)) return undefined;
  throw fabricError("VALUE_OUT_OF_TOLERANCE", {
    feed,
    round,
    proposed: textOf(proposed),
    own: textOf(own),
    tolerancePpm: proposed.kind === "decimal" ? (tolerancePpm ?? 0) : 0,
  });
};
