import type { Digest } from "../core/ids.ts";
import { digestOf } from "../crypto/hashes.ts";
import type { SigningKey } from "../crypto/key-record.ts";
import { payloadBytes, preAuthEncoding, type DsseEnvelope } from "./dsse.ts";
import { signEnvelope } from "./dsse-sign.ts";
import { encodeObservation } from "./observation-json.ts";
import { encodeOnchainObservation, toOnchainObservation } from "./observation-solabi.ts";
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

/** Sign the JSON form. Throws `STATEMENT_MALFORMED`. */
export const signJsonForm = (
  observation: Observation,
  keys: readonly SigningKey[],
): { readonly envelope: DsseEnvelope; readonly payload: Uint8Array } => {
  const payload = encodeObservation(observation);
  return { envelope: signEnvelope(OBSERVATION_TYPE, payload, keys), payload };
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
 * Sign one observation in both forms: JSON for people and tools, the tuple for contracts.
 * Throws `STATEMENT_MALFORMED`, `VALUE_NOT_ENCODABLE`.
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
  const { envelope, payload } = signJsonForm(observation, keys.json);
  const hasOnchain = observation.value.kind === "decimal" && keys.onchain.length > 0;
  return {
    envelope,
    onchain: hasOnchain ? signOnchainForm(observation, digestOf(payload), keys.onchain) : null,
    envelopeDigest: digestOf(preAuthEncoding(OBSERVATION_TYPE, payload)),
  };
};
