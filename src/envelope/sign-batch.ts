import { digestOf } from "../crypto/hashes.ts";
import type { SigningKey } from "../crypto/key-record.ts";
import { BATCH_SOLABI_TYPE, encodeOnchainBatch, toOnchainBatch } from "./batch-solabi.ts";
import { signEnvelope } from "./dsse-sign.ts";
import type { Observation } from "./observation.ts";
import { checkObservation } from "./observation-json.ts";
import { type SignedObservation, signJsonForm } from "./signed-observation.ts";
import { checkStatement, sourceModeOf } from "./statement-checks.ts";

/**
 * Sign a batch in both forms. The JSON form is an observation like any other, whose value names every member, so that
 * each tool that reads rounds reads batches; the tuple is what batch contracts check.
 * Throws `STATEMENT_MALFORMED`, `SOURCE_MODES_MIXED`, `JSON_MALFORMED`.
 */
export const signBatch = (
  observation: Observation,
  keys: { readonly json: readonly SigningKey[]; readonly onchain: readonly SigningKey[] },
): SignedObservation => {
  checkObservation(observation);
  checkStatement(observation);
  sourceModeOf(observation);
  const json = signJsonForm(observation, keys.json);
  const tuple = encodeOnchainBatch(toOnchainBatch(observation, digestOf(json.payload)));
  return {
    envelope: json.envelope,
    onchain: signEnvelope(BATCH_SOLABI_TYPE, tuple, keys.onchain),
    envelopeDigest: digestOf(json.message),
  };
};
