import { encodeBase64 } from "../crypto/base64.ts";
import type { SigningKey } from "../crypto/key-record.ts";
import { preAuthEncoding, type DsseEnvelope } from "./dsse.ts";

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
): DsseEnvelope => {
  const message = preAuthEncoding(payloadType, payload);
  return {
    payload: encodeBase64(payload),
    payloadType,
    signatures: keys.map((key) => ({
      keyid: key.record.keyid,
      sig: encodeBase64(key.sign(message)),
    })),
  };
};
