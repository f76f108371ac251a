import type { Digest } from "../core/ids.ts";
import { digestOf } from "../crypto/hashes.ts";
import type { SigningKey } from "../crypto/key-record.ts";
import { payloadBytes, preAuthEncoding, type DsseEnvelope } from "./dsse.ts";
import { signEnvelope, signMessage } from "./dsse-sign.ts";
import { checkObservation, encodeObservation } from "./observation-json.ts";
import { encodeOnchainObservation, toOnchainObservation } from "./observation-solabi.ts";
import { checkStatement, sourceModeOf } from "./statement-checks.ts";
import { OBSERVATION_SOLABI_TYPE, OBSERVATION_TYPE, type Observation } from "./observation.ts";

/** One fact in both forms. */
export interface SignedObservation {
  /** JSON form. */
  readonly envelope: DsseEnvelope;
  /** ABI tuple form; null for a record, or where no on-chain key was given. */
  readonly onchain: DsseEnvelope | null;
  /** Digest of the JSON form's signed bytes. */
  readonly envelopeDigest: Digest;
}

/**
 * Id of an envelope: SHA-256 over what is signed, never over signatures, which have twins and can be added.
 * Throws `BASE64_INVALID`.
 */
export const envelopeDigest = (envelope: DsseEnvelope): Digest =>
  digestOf(preAuthEncoding(envelope.payloadType, payloadBytes(envelope)));

/** The JSON form with the bytes that its digests are taken of. */
export interface SignedJsonForm {
  readonly envelope: DsseEnvelope;
  /** SHA-256 of it is the on-chain form's `statementDigest`. */
  readonly payload: Uint8Array;
  /** What was signed: SHA-256 of it is the envelope's digest. */
  readonly message: Uint8Array;
}

/** Sign the JSON form of an observation that was checked before. Throws `JSON_MALFORMED`. */
export const signJsonForm = (
  observation: Observation,
  keys: readonly SigningKey[],
): SignedJsonForm => {
  const payload = encodeObservation(observation);
  const message = preAuthEncoding(OBSERVATION_TYPE, payload);
  return { envelope: signMessage(OBSERVATION_TYPE, payload, message, keys), payload, message };
};

/** Sign the ABI tuple form for a JSON payload. Throws `VALUE_NOT_ENCODABLE`. */
export const signOnchainForm = (
  observation: Observation,
  statementDigest: Digest,
  keys: readonly SigningKey[],
): DsseEnvelope =>
  signEnvelope(
    OBSERVATION_SOLABI_TYPE,
    encodeOnchainObservation(toOnchainObservation(observation, statementDigest)),
    keys,
  );

/**
 * Sign one observation in both forms: JSON for people and tools, the tuple for contracts. Never signs what a reader
 * would refuse. Throws `STATEMENT_MALFORMED`, `SOURCE_MODES_MIXED`, `VALUE_NOT_ENCODABLE`, `JSON_MALFORMED`.
 * @example
 * ```ts
 * const json = createSigningKey("ed25519");
 * const evm = createSigningKey("secp256k1-keccak256");
 * const signed = signObservation(observation, { json: [json], onchain: [evm] });
 * ```
 */
export const signObservation = (
  observation: Observation,
  keys: { readonly json: readonly SigningKey[]; readonly onchain: readonly SigningKey[] },
): SignedObservation => {
  checkObservation(observation);
  checkStatement(observation);
  sourceModeOf(observation);
  const json = signJsonForm(observation, keys.json);
  const hasOnchain = observation.value.kind === "decimal" && keys.onchain.length > 0;
  return {
    envelope: json.envelope,
    onchain: hasOnchain ? signOnchainForm(observation, digestOf(json.payload), keys.onchain) : null,
    envelopeDigest: digestOf(json.message),
  };
};
