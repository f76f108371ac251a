import { fabricError, isFabricError } from "../../../src/core/errors/fabric-error.ts";
import { suites } from "../../../src/crypto/suites.ts";
import { recoverEvmAddress } from "../../../src/crypto/suites/secp256k1-keccak256.ts";

/** What `pure.verify` and `pure.recover` do; loaded when the first of them is called. */
export interface PureSignatures {
  /** False for a key that is no key, as for a signature that is none. Throws `HOST_CALL_INVALID`. */
  readonly verify: (
    suite: string,
    parts: {
      readonly publicKey: Uint8Array;
      readonly signature: Uint8Array;
      readonly message: Uint8Array;
    },
  ) => boolean;
  /** EVM address; null when nobody's key gives this signature. */
  readonly recover: (signature: Uint8Array, message: Uint8Array) => string | null;
}

export const pureSignatures: PureSignatures = {
  verify: (name, { publicKey, signature, message }) => {
    if (!Object.hasOwn(suites, name))
      throw fabricError("HOST_CALL_INVALID", { reason: "suite: not known" });
    try {
      return suites[name as keyof typeof suites].verifier(publicKey).verify(signature, message);
    } catch (error) {
      if (isFabricError(error)) return false;
      throw error;
    }
  },
  recover: (signature, message) => {
    try {
      return recoverEvmAddress(signature, message);
    } catch (error) {
      if (isFabricError(error, "SIGNATURE_WRONG")) return null;
      throw error;
    }
  },
};
