import * as z from "zod";
import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import { canonicalJson } from "./canonical-json.ts";
import { MAX_PAYLOAD_BYTES } from "./dsse.ts";
import { observationSchema, type Observation } from "./observation.ts";
import { parseStrictJson } from "./strict-json.ts";

const encoder = new TextEncoder();

/** What the schema says about a value from outside. Throws `STATEMENT_MALFORMED`. */
export const checkObservation = (value: unknown): Observation => {
  const parsed = observationSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw fabricError("STATEMENT_MALFORMED", { reason: z.prettifyError(parsed.error).slice(0, 500) });
};

/**
 * The same observation with its keys in RFC 8785 order, so that `JSON.stringify` writes canonical JSON in a third of the
 * time that sorting takes. A property test holds it equal to `canonicalJson`.
 */
const inOrder = (o: Observation): Observation => ({
  aggregation: {
    method: o.aggregation.method,
    minSources: o.aggregation.minSources,
    spread: o.aggregation.spread,
    used: o.aggregation.used,
  },
  cryptlet: {
    id: o.cryptlet.id,
    measurement: o.cryptlet.measurement,
    version: o.cryptlet.version,
  },
  issuedAt: o.issuedAt,
  market: {
    nextOpen: o.market.nextOpen,
    session: o.market.session,
    status: o.market.status,
  },
  observedAt: o.observedAt,
  previous: o.previous && { envelopeDigest: o.previous.envelopeDigest },
  run: {
    id: o.run.id,
    receiptDigest: o.run.receiptDigest,
    transcriptDigest: o.run.transcriptDigest,
    trigger: o.run.trigger,
  },
  sources: o.sources.map((source) => ({
    error: source.error,
    extracted: source.extracted,
    id: source.id,
    mode: source.mode,
    observedAt: source.observedAt,
    outlier: source.outlier,
    requestDigest: source.requestDigest,
    responseDigest: source.responseDigest,
    status: source.status,
    tls: source.tls && {
      certificateSha256: source.tls.certificateSha256,
      protocol: source.tls.protocol,
      spkiSha256: source.tls.spkiSha256,
    },
  })),
  subject: {
    epoch: o.subject.epoch,
    fabric: o.subject.fabric,
    feed: o.subject.feed,
    feedHash: o.subject.feedHash,
    round: o.subject.round,
  },
  validUntil: o.validUntil,
  value:
    o.value.kind === "decimal"
      ? { decimals: o.value.decimals, kind: o.value.kind, text: o.value.text, unit: o.value.unit }
      : o.value,
});

/**
 * The payload bytes of an observation: canonical JSON (RFC 8785), so that one fact has one digest.
 * The type is the contract here; `signObservation` checks before it signs.
 * Throws `JSON_MALFORMED` for half of a surrogate pair.
 */
export const encodeObservation = (observation: Observation): Uint8Array => {
  if (observation.value.kind === "record") return encoder.encode(canonicalJson(observation));
  const text = JSON.stringify(inOrder(observation));
  // Half a surrogate pair is written as an escape, which canonical JSON does not have: the slow writer refuses it.
  return encoder.encode(text.includes("\\ud") ? canonicalJson(observation) : text);
};

/** Read payload bytes after their signature held. Throws `STATEMENT_MALFORMED`. */
export const parseObservation = (payload: Uint8Array): Observation => {
  try {
    return checkObservation(
      parseStrictJson(payload, { limit: MAX_PAYLOAD_BYTES, what: "the statement" }),
    );
  } catch (error) {
    if (isFabricError(error, "STATEMENT_MALFORMED") || !isFabricError(error)) throw error;
    throw fabricError("STATEMENT_MALFORMED", { reason: error.message }, { cause: error });
  }
};
