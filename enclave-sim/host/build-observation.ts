import { parseDecimal } from "../../src/core/parse-decimal.ts";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import type { Digest, FabricId } from "../../src/core/ids.ts";
import { canonicalJson } from "../../src/envelope/canonical-json.ts";
import type { Observation } from "../../src/envelope/observation.ts";
import type { ObservationDraft, SourceReading, TriggerInput } from "../../src/sdk/abi.ts";
import type { FeedManifest, Manifest } from "../../src/sdk/manifest.ts";
import type { Provenance } from "../capabilities/capability.ts";
import type { StateChange } from "../capabilities/state/state-session.ts";
import type { ServedFeed, SignRequest } from "./enclave.ts";

/** A finished run that waits for its signature. */
export interface HeldRun {
  readonly trigger: TriggerInput;
  readonly draft: ObservationDraft;
  readonly provenance: readonly Provenance[];
  readonly transcriptDigest: Digest;
  /** What signing it changes in the Cryptlet's state; null for nothing, or once it is done. */
  readonly stateChange: StateChange | null;
  readonly receiptDigest: Digest;
  /** ms since epoch. */
  readonly finishedAt: number;
}

/** Digits as the value itself has them, no more of them than a decimal may have. */
const PLAIN_DECIMAL = /^-?\d{1,64}(\.\d{1,64})?$/;

/** How far a source's clock may be ahead of the enclave's, in ms. */
export const MAX_AHEAD_MS = 60_000;

/**
 * The statement that is signed: what the Cryptlet returned, checked against its manifest and against what the enclave
 * itself saw, with the enclave's own provenance. Throws `OBSERVATION_REFUSED`, `SOURCE_MODES_MIXED`.
 */
export const buildObservation = (parts: {
  readonly fabric: FabricId;
  readonly manifest: Manifest;
  readonly measurement: Digest;
  readonly served: ServedFeed;
  readonly run: HeldRun;
  readonly request: SignRequest;
  /** ms since epoch. */
  readonly now: number;
}): Observation => {
  const { fabric, manifest, measurement, served, run, request, now } = parts;
  const { draft, trigger } = run;
  const refuse: Refuse = (reason) => {
    throw fabricError("OBSERVATION_REFUSED", { feed: served.feed, reason });
  };
  const feed = manifest.feeds.find(({ id }) => id === draft.feed);
  if (!feed) return refuse(`the manifest has no feed ${draft.feed}`);
  if (draft.feed !== served.cryptletFeed || trigger.feed !== served.cryptletFeed)
    return refuse(`the run was for ${trigger.feed} and answered ${draft.feed}`);
  if (canonicalJson(trigger.parameters) !== canonicalJson(served.parameters))
    return refuse("the run had other parameters than the feed");
  const sources = checkDraft(draft, { feed, provenance: run.provenance, now }, refuse);
  return {
    subject: {
      fabric,
      feed: served.feed,
      feedHash: served.feedHash,
      round: request.round,
      epoch: request.epoch,
    },
    cryptlet: { id: manifest.id, version: manifest.version, measurement },
    value: draft.value,
    observedAt: draft.observedAt,
    issuedAt: now,
    validUntil: now + served.validForMs,
    market: draft.market,
    sources,
    aggregation: draft.aggregation,
    run: {
      id: request.runId,
      trigger: trigger.id,
      transcriptDigest: run.transcriptDigest,
      receiptDigest: run.receiptDigest,
    },
    previous: request.previous === null ? null : { envelopeDigest: request.previous },
  };
};

/** Says in words why a draft is refused, by throwing. */
export type Refuse = (reason: string) => never;

/**
 * A draft held against its feed and against what the enclave itself saw, and its sources as they are signed. Ends
 * through `refuse`; throws `SOURCE_MODES_MIXED`.
 */
export const checkDraft = (
  draft: ObservationDraft,
  facts: {
    readonly feed: FeedManifest;
    readonly provenance: readonly Provenance[];
    /** ms since epoch. */
    readonly now: number;
  },
  refuse: Refuse,
): Observation["sources"] => {
  if (draft.observedAt > facts.now + MAX_AHEAD_MS) return refuse("observedAt lies in the future");
  checkValue(draft, facts.feed, refuse);
  checkReadings(draft, refuse);
  checkAggregation(draft, facts.feed, refuse);
  checkModes(facts.provenance);
  return draft.sources.map((reading) => describeSource(reading, facts.provenance, refuse));
};

const checkValue = (draft: ObservationDraft, feed: FeedManifest, refuse: Refuse): void => {
  const { value } = draft;
  if (value.kind !== feed.kind) return refuse(`the value is no ${feed.kind}`);
  if (value.kind === "decimal" && feed.kind === "decimal") {
    if (value.decimals !== feed.decimals || value.unit !== feed.unit)
      return refuse(`the feed is in ${feed.unit} with ${feed.decimals} decimals`);
    if (parseDecimal(value.text).decimals > feed.decimals)
      return refuse("the value has more digits than the feed's decimals");
  }
  if (value.kind === "record" && feed.kind === "record" && feed.fields) {
    for (const name of Object.keys(value.fields))
      if (!Object.hasOwn(feed.fields, name)) return refuse(`the manifest has no field ${name}`);
    for (const [name, type] of Object.entries(feed.fields)) {
      const given = Object.hasOwn(value.fields, name) ? value.fields[name]?.type : undefined;
      if (given !== type && given !== "null") return refuse(`the field ${name} is no ${type}`);
    }
  }
};

/** One answer is one source: said twice, or under another's name, it would pass for more than it is. */
const checkReadings = ({ sources, value }: ObservationDraft, refuse: Refuse): void => {
  const ids = new Set<string>();
  const references = new Set<number>();
  for (const { id, reference, extracted } of sources) {
    if (ids.has(id)) return refuse(`it lists the source ${id} twice`);
    ids.add(id);
    if (reference !== null && references.has(reference))
      return refuse(`source ${id} names an answer that another source names`);
    if (reference !== null) references.add(reference);
    if (extracted !== null && value.kind === "decimal" && !PLAIN_DECIMAL.test(extracted))
      return refuse(`what source ${id} gave is no number`);
  }
};

const checkAggregation = (draft: ObservationDraft, feed: FeedManifest, refuse: Refuse): void => {
  const { minSources, used } = draft.aggregation;
  const counted = draft.sources.filter(isUsed).length;
  if (used !== counted) return refuse(`it says ${used} sources were used and lists ${counted}`);
  if (minSources < feed.minSources || used < feed.minSources)
    return refuse(`${used} sources were used, the manifest demands ${feed.minSources}`);
};

const isUsed = (reading: SourceReading): boolean =>
  reading.extracted !== null && reading.error === null && !reading.outlier;

const checkModes = (provenance: readonly Provenance[]): void => {
  if (new Set(provenance.map(({ mode }) => mode)).size > 1)
    throw fabricError("SOURCE_MODES_MIXED", {});
};

/** The guest's word is what it extracted; everything else is the enclave's own record of that request. */
export const describeSource = (
  reading: SourceReading,
  provenance: readonly Provenance[],
  refuse: Refuse,
): Observation["sources"][number] => {
  const seen =
    reading.reference === null
      ? provenance.find(({ id }) => id === reading.id)
      : provenance.find(({ reference }) => reference === reading.reference);
  if (reading.reference !== null && !seen)
    return refuse(`source ${reading.id} names an answer that this run did not get`);
  if (reading.reference !== null && seen?.id !== reading.id)
    return refuse(`source ${reading.id} names an answer to ${seen?.id}`);
  if (reading.extracted !== null && (reading.reference === null || !seen?.responseDigest))
    return refuse(`source ${reading.id} has a value that no answer of this run gave`);
  return {
    id: reading.id,
    mode: seen?.mode ?? null,
    requestDigest: seen?.requestDigest ?? null,
    tls: seen?.tls ?? null,
    status: seen?.status ?? null,
    responseDigest: seen?.responseDigest ?? null,
    extracted: reading.extracted,
    observedAt: reading.observedAt,
    outlier: reading.outlier,
    error: reading.error,
  };
};
