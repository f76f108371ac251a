import { x25519 } from "@noble/curves/ed25519.js";
import { fabricError } from "../../core/errors/fabric-error.ts";
import { hpkeSuite, hpkeSuiteNames, type HpkeSuiteName } from "./hpke-suite.ts";

/** Bytes of an X25519 key, secret or public, and of an encapsulated key. */
export const X25519_BYTES = 32;

/** What a message is bound to. Both sides must say the same bytes. */
export interface HpkeContext {
  /** Default: the first of `hpkeSuiteNames`. */
  readonly suite?: HpkeSuiteName;
  /** Names the protocol; goes into the key schedule. */
  readonly info: Uint8Array;
  /** Names the message; is authenticated with it. */
  readonly aad: Uint8Array;
}

/** A message that only the owner of one X25519 key can open. */
export interface HpkeMessage {
  /** Encapsulated key, 32 bytes. */
  readonly enc: Uint8Array;
  /** Ciphertext with its 16-byte tag. */
  readonly ciphertext: Uint8Array;
}

const suiteFor = (context: HpkeContext) => hpkeSuite(context.suite ?? hpkeSuiteNames[0]);
/** A copy over memory of its own: the library reads the whole buffer behind a view. */
const owned = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => Uint8Array.from(bytes);

/** A fresh X25519 secret key (RFC 7748), 32 bytes. */
export const generateX25519 = (): Uint8Array => x25519.utils.randomSecretKey();

/** Public key of an X25519 secret key, 32 bytes. Throws `SECRET_KEY_INVALID`. */
export const x25519PublicKey = (secretKey: Uint8Array): Uint8Array => {
  if (secretKey.length !== X25519_BYTES)
    throw fabricError("SECRET_KEY_INVALID", { suite: "x25519", reason: "not 32 bytes" });
  return x25519.getPublicKey(secretKey);
};

/**
 * Encrypt to an X25519 key: HPKE base mode, one message (RFC 9180 section 6.1). The recipient does not learn who sent it.
 * Throws `PUBLIC_KEY_INVALID` for a key that is not 32 bytes or that no secret can come of.
 * @example
 * ```ts
 * const message = await hpkeSeal(publicKey, secret, { info, aad });
 * ```
 */
export const hpkeSeal = async (
  publicKey: Uint8Array,
  plain: Uint8Array,
  context: HpkeContext,
): Promise<HpkeMessage> => {
  const suite = suiteFor(context);
  try {
    const recipientPublicKey = await suite.kem.deserializePublicKey(owned(publicKey));
    const { enc, ct } = await suite.seal(
      { recipientPublicKey, info: owned(context.info) },
      owned(plain),
      owned(context.aad),
    );
    return { enc: new Uint8Array(enc), ciphertext: new Uint8Array(ct) };
  } catch {
    // The cause is dropped: it may quote what was to be encrypted.
    throw fabricError("PUBLIC_KEY_INVALID", { suite: "x25519", reason: "HPKE cannot use it" });
  }
};

/** Open a message for this secret key. Throws `SECRET_KEY_INVALID`, `HPKE_OPEN_FAILED` for everything else, always alike. */
export const hpkeOpen = async (
  secretKey: Uint8Array,
  message: HpkeMessage,
  context: HpkeContext,
): Promise<Uint8Array> => {
  const suite = suiteFor(context);
  const publicKey = x25519PublicKey(secretKey);
  try {
    const recipientKey = {
      privateKey: await suite.kem.importKey("raw", owned(secretKey).buffer, false),
      publicKey: await suite.kem.deserializePublicKey(owned(publicKey)),
    };
    const plain = await suite.open(
      { recipientKey, enc: owned(message.enc), info: owned(context.info) },
      owned(message.ciphertext),
      owned(context.aad),
    );
    return new Uint8Array(plain);
  } catch {
    throw fabricError("HPKE_OPEN_FAILED", {});
  }
};
