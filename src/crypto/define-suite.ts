import { fabricError } from "../core/errors/fabric-error.ts";
import { bytesEqual, bytesToHex, concatBytes } from "./bytes.ts";
import type { Suite, SuiteDriver } from "./suite.ts";

/** What one algorithm says about itself. Arithmetic may throw anything; it is turned into coded errors here. */
export interface SuiteDefinition {
  readonly name: string;
  readonly signatureLength: number;
  readonly publicKeyLength: number;
  /** Everything of the SPKI before the raw key: our keys have one fixed form each. */
  readonly spkiPrefix: Uint8Array;
  readonly reference: SuiteDriver;
  /** Null where this machine has nothing faster. */
  readonly fast: SuiteDriver | null;
  generate(): Uint8Array;
  /** Throws when the secret key is out of range. */
  derivePublicKey(secretKey: Uint8Array): Uint8Array;
  /** Throws when the bytes are not a usable point. */
  checkPublicKey(publicKey: Uint8Array): void;
  /** False for a twin or an out-of-range encoding that a driver might accept; the length was checked. */
  isCanonicalSignature(signature: Uint8Array): boolean;
  address?(publicKey: Uint8Array): `0x${string}`;
}

const SECRET_KEY_LENGTH = 32;
const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message.slice(0, 120) : "refused";

/** Build a `Suite` from its definition: lengths, checks and errors are the same for all algorithms. */
export const defineSuite = (definition: SuiteDefinition): Suite => {
  const { name, reference, spkiPrefix, signatureLength, publicKeyLength } = definition;
  const fast = definition.fast ?? reference;

  const publicKeyFromSecret = (secretKey: Uint8Array): Uint8Array => {
    if (secretKey.length !== SECRET_KEY_LENGTH)
      throw fabricError("SECRET_KEY_INVALID", { suite: name, reason: "not 32 bytes" });
    try {
      return definition.derivePublicKey(secretKey);
    } catch {
      // The cause may quote the key: it is dropped.
      throw fabricError("SECRET_KEY_INVALID", { suite: name, reason: "zero or too large" });
    }
  };

  const checkPublicKey = (publicKey: Uint8Array): void => {
    if (publicKey.length !== publicKeyLength)
      throw fabricError("PUBLIC_KEY_INVALID", {
        suite: name,
        reason: `${publicKey.length} bytes instead of ${publicKeyLength}`,
      });
    try {
      definition.checkPublicKey(publicKey);
    } catch (error) {
      throw fabricError("PUBLIC_KEY_INVALID", { suite: name, reason: reasonOf(error) });
    }
  };

  const suite: Suite = {
    name,
    signatureLength,
    reference,
    fast,
    generate: () => definition.generate(),
    publicKeyFromSecret,
    signer: (secretKey, driver = fast) => {
      const publicKey = publicKeyFromSecret(secretKey);
      const sign = driver.signer(Uint8Array.from(secretKey), publicKey);
      return {
        publicKey,
        sign: (message) => {
          try {
            return sign(message);
          } catch (error) {
            throw fabricError("SIGNING_FAILED", { suite: name, reason: reasonOf(error) });
          }
        },
      };
    },
    verifier: (publicKey, driver = fast) => {
      checkPublicKey(publicKey);
      const verify = driver.verifier(Uint8Array.from(publicKey));
      return {
        verify: (signature, message) => {
          if (signature.length !== signatureLength) return false;
          if (!definition.isCanonicalSignature(signature)) return false;
          try {
            return verify(signature, message);
          } catch {
            return false;
          }
        },
      };
    },
    sign: (message, secretKey) => suite.signer(secretKey).sign(message),
    verify: (signature, message, publicKey) => {
      try {
        return suite.verifier(publicKey).verify(signature, message);
      } catch {
        return false;
      }
    },
    exportSpki: (publicKey) => {
      checkPublicKey(publicKey);
      return concatBytes(spkiPrefix, publicKey);
    },
    importSpki: (spki) => {
      const prefix = spki.subarray(0, spkiPrefix.length);
      if (!bytesEqual(prefix, spkiPrefix))
        throw fabricError("PUBLIC_KEY_INVALID", {
          suite: name,
          reason: `the SPKI begins ${bytesToHex(prefix.subarray(0, 12))}`,
        });
      const publicKey = spki.slice(spkiPrefix.length);
      checkPublicKey(publicKey);
      return publicKey;
    },
    address: (publicKey) => definition.address?.(publicKey) ?? null,
  };
  return suite;
};
