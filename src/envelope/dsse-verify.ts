import { fabricError } from "../core/errors/fabric-error.ts";
import { decodeBase64 } from "../crypto/base64.ts";
import type { KeyRecord, VerifyingKey } from "../crypto/key-record.ts";
import { payloadBytes, preAuthEncoding, type DsseEnvelope } from "./dsse.ts";
import type { KeyRing } from "./key-ring.ts";

/** What the signatures cover. Parse this payload and nothing else. */
export interface VerifiedEnvelope {
  readonly payloadType: string;
  /** Exactly the bytes that were signed. */
  readonly payload: Uint8Array;
  /** The distinct keys whose signatures hold. */
  readonly signers: readonly KeyRecord[];
}

/** Which keys may have made a signature. The hint narrows the choice; without a hint every key is tried. */
const candidates = (ring: KeyRing, keyid: string): readonly VerifyingKey[] => {
  if (keyid === "") return ring.keys;
  const named = ring.get(keyid);
  return named ? [named] : [];
};

/**
 * DSSE's (t, n) rule: at least `threshold` distinct keys of the ring signed. A key counts once, whatever the number of
 * its signatures; signatures that do not hold are passed over, as the specification asks.
 * Throws `ENVELOPE_UNSIGNED`, `BASE64_INVALID`, `SIGNER_NOT_TRUSTED` (no key of the ring is named), `SIGNATURE_WRONG`
 * (a named key's signature does not hold), `THRESHOLD_NOT_MET`, `PAYLOAD_TYPE_UNEXPECTED`.
 */
export const verifyEnvelope = (
  envelope: DsseEnvelope,
  options: {
    readonly ring: KeyRing;
    readonly threshold: number;
    /** The only payload type that is accepted. */
    readonly payloadType: string;
  },
): VerifiedEnvelope => {
  const { ring, threshold, payloadType } = options;
  if (envelope.signatures.length === 0) throw fabricError("ENVELOPE_UNSIGNED", {});
  const payload = payloadBytes(envelope);
  const message = preAuthEncoding(envelope.payloadType, payload);
  const accepted = new Map<string, KeyRecord>();
  let wrong: string | null = null;
  for (const { keyid, sig } of envelope.signatures) {
    const keys = candidates(ring, keyid);
    if (keys.length === 0) continue;
    const signature = decodeBase64(sig, "signature");
    const key = keys.find((candidate) => candidate.verify(signature, message));
    if (key) accepted.set(key.record.keyid, key.record);
    else wrong ??= keyid === "" ? "unnamed" : keyid;
  }
  if (accepted.size < Math.max(1, threshold)) {
    if (wrong !== null) throw fabricError("SIGNATURE_WRONG", { keyid: wrong });
    if (accepted.size === 0)
      throw fabricError("SIGNER_NOT_TRUSTED", { reason: "the signers' keys are not known" });
    throw fabricError("THRESHOLD_NOT_MET", { accepted: accepted.size, threshold });
  }
  if (envelope.payloadType !== payloadType)
    throw fabricError("PAYLOAD_TYPE_UNEXPECTED", {
      actual: envelope.payloadType,
      expected: payloadType,
    });
  return { payloadType, payload, signers: [...accepted.values()] };
};
