import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { fabricError } from "../core/errors/fabric-error.ts";
import type { Digest } from "../core/ids.ts";
import { canonicalJson } from "../envelope/canonical-json.ts";

/** Bytes of the vault's key. */
export const VAULT_KEY_BYTES = 32;
const KEY_DOMAIN = "cryptlet/vault/v1";
const ALGORITHM = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What a sealed secret is bound to: one that is moved under another name, or whose policy was changed, does not open. */
export interface SealedFacts {
  readonly name: string;
  /** Counts the values of one name, from 1. */
  readonly version: number;
  readonly policy: Digest;
}

const textOf = ({ name, version, policy }: SealedFacts): string =>
  canonicalJson({ format: "cryptlet-vault/v1", name, version, policy });

const keyFor = (vaultKey: Uint8Array, facts: SealedFacts): Uint8Array =>
  new Uint8Array(hkdfSync("sha256", vaultKey, KEY_DOMAIN, textOf(facts), 32));

/** Seal a value: AES-256-GCM under a key of its own (HKDF-SHA-256), facts as additional data. Nonce, ciphertext, tag. */
export const sealSecret = (
  vaultKey: Uint8Array,
  facts: SealedFacts,
  value: Uint8Array,
): Uint8Array => {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, keyFor(vaultKey, facts), nonce);
  cipher.setAAD(Buffer.from(textOf(facts)));
  const ciphertext = Buffer.concat([cipher.update(value), cipher.final()]);
  return Uint8Array.from(Buffer.concat([nonce, ciphertext, cipher.getAuthTag()]));
};

/** Open what was sealed with exactly these facts. Throws `VAULT_SEAL_BROKEN`. */
export const openSecret = (
  vaultKey: Uint8Array,
  facts: SealedFacts,
  sealed: Uint8Array,
): Uint8Array => {
  const broken = (reason: string) =>
    fabricError("VAULT_SEAL_BROKEN", { secret: facts.name, reason });
  if (sealed.length < NONCE_BYTES + TAG_BYTES) throw broken("it is too short");
  const tagAt = sealed.length - TAG_BYTES;
  try {
    const decipher = createDecipheriv(
      ALGORITHM,
      keyFor(vaultKey, facts),
      sealed.subarray(0, NONCE_BYTES),
      { authTagLength: TAG_BYTES },
    );
    decipher.setAAD(Buffer.from(textOf(facts)));
    decipher.setAuthTag(sealed.subarray(tagAt));
    const plain = [decipher.update(sealed.subarray(NONCE_BYTES, tagAt)), decipher.final()];
    return Uint8Array.from(Buffer.concat(plain));
  } catch {
    throw broken("key, name, version or policy are others than at sealing");
  }
};
