import { hkdfSync } from "node:crypto";
import { digestHex } from "../../src/core/ids.ts";
import type { StateSealer } from "../capabilities/state/sealed-state.ts";
import { seal, type SealIdentity, type SealRequest, unseal } from "./seal.ts";
import { readPlatformSecret } from "./sealed-keys.ts";

/** Keys by which a running Cryptlet keeps things: they are made of the platform's secret and leave this thread never. */
export interface SealedStorage {
  /**
   * For its state. Under the publisher where there is one, so that the next version of the package opens what this one
   * wrote and an older one does not; otherwise under this very code.
   */
  readonly sealer: StateSealer;
  /** Which of the two the state is sealed to: a hex digest. */
  readonly owner: string;
  /** 32 bytes that key the digests of used secrets. */
  readonly secretUseKey: Uint8Array;
}

const UNSIGNED = "0".repeat(64);
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Throws `SEAL_REFUSED`. */
export const openSealedStorage = async (
  directory: string,
  identity: SealIdentity,
): Promise<SealedStorage> => {
  const secret = await readPlatformSecret(directory);
  const isSigned = identity.mrsigner !== UNSIGNED;
  const request = (counter: number): SealRequest => ({
    policy: isSigned ? "MRSIGNER" : "MRENCLAVE",
    purpose: "state",
    counter,
  });
  const code = digestHex(identity.mrenclave);
  return {
    sealer: {
      seal: (plain, counter) => encoder.encode(seal(secret, identity, request(counter), plain)),
      unseal: (sealed, counter) => {
        const blob = { text: decoder.decode(sealed), path: "the state" };
        return unseal(secret, identity, request(counter), blob).plain;
      },
    },
    owner: isSigned ? identity.mrsigner : code,
    secretUseKey: new Uint8Array(
      hkdfSync("sha256", secret, "cryptlet/secret-use/v1", `${code} ${identity.debug}`, 32),
    ),
  };
};
