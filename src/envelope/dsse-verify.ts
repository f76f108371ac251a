import { fabricError } from "../core/errors/fabric-error.ts";
import { decodeBase64 } from "../crypto/base64.ts";
import type { KeyRecord, VerifyingKey } from "../crypto/key-record.ts";
import { preAuthEncoding, type DsseEnvelope } from "./dsse.ts";
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

/** Most verifications that one envelope may cost: unnamed signatures are tried against every key. */
const MAX_ATTEMPTS = 256;

interface Tally {
  readonly accepted: ReadonlyMap<string, KeyRecord>;
  /** Name of a signature that a key of the ring should have made and did not. */
  readonly wrong: string | null;
}

const decodeOr = <Fallback>(text: string, fallback: Fallback): Uint8Array | Fallback => {
  try {
    return decodeBase64(text);
  } catch {
    return fallback;
  }
};

const countSignatures = (envelope: DsseEnvelope, ring: KeyRing, message: Uint8Array): Tally => {
  const accepted = new Map<string, KeyRecord>();
  let wrong: string | null = null;
  let attempts = 0;
  for (const { keyid, sig } of envelope.signatures) {
    const keys = candidates(ring, keyid);
    if (keys.length === 0 || accepted.has(keyid)) continue;
    const signature = decodeOr(sig, null);
    const key =
      signature &&
      keys.find((each) => attempts++ < MAX_ATTEMPTS && each.verify(signature, message));
    if (key) accepted.set(key.record.keyid, key.record);
    else wrong ??= keyid === "" ? "without a keyid" : keyid;
  }
  return { accepted, wrong };
};

/**
 * DSSE's (t, n) rule: at least `threshold` distinct keys of the ring signed. A key counts once, whatever the number of
 * its signatures; signatures that do not hold are passed over, as the specification asks.
 * Throws `ENVELOPE_UNSIGNED`, `SIGNER_NOT_TRUSTED` (no key of the ring is named), `SIGNATURE_WRONG` (a named key's
 * signature does not hold, or the payload is not base64), `THRESHOLD_NOT_MET`, `PAYLOAD_TYPE_UNEXPECTED`.
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
  const [first] = envelope.signatures;
  if (!first) throw fabricError("ENVELOPE_UNSIGNED", {});
  const payload = decodeOr(envelope.payload, null);
  if (!payload) throw fabricError("SIGNATURE_WRONG", { keyid: first.keyid });
  const message = preAuthEncoding(envelope.payloadType, payload);
  const { accepted, wrong } = countSignatures(envelope, ring, message);
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
