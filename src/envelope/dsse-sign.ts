import { encodeBase64 } from "../crypto/base64.ts";
import type { SigningKey } from "../crypto/key-record.ts";
import { preAuthEncoding, type DsseEnvelope } from "./dsse.ts";

/** Envelope of a message that was encoded before; `message` must be the PAE of type and payload. */
export const signMessage = (
  payloadType: string,
  payload: Uint8Array,
  message: Uint8Array,
  keys: readonly SigningKey[],
): DsseEnvelope => ({
  payload: encodeBase64(payload),
  payloadType,
  signatures: keys.map((key) => ({
    keyid: key.record.keyid,
    sig: encodeBase64(key.sign(message)),
  })),
});

/**
 * Sign a payload with one key or several.
 * @example
 * ```ts
 * const envelope = signEnvelope(OBSERVATION_TYPE, payload, [key]);
 * ```
 */
export const signEnvelope = (
  payloadType: string,
  payload: Uint8Array,
  keys: readonly SigningKey[],
): DsseEnvelope => signMessage(payloadType, payload, preAuthEncoding(payloadType, payload), keys);
