import { fabricError } from "../core/errors/fabric-error.ts";
import type { Suite } from "./suite.ts";
import { ed25519Suite } from "./suites/ed25519.ts";
import { p256Sha256Suite } from "./suites/p256-sha256.ts";
import { schnorrSecp256k1Keccak256Suite } from "./suites/schnorr-secp256k1-keccak256.ts";
import { secp256k1Keccak256Suite } from "./suites/secp256k1-keccak256.ts";
import { secp256k1Sha256Suite } from "./suites/secp256k1-sha256.ts";

/**
 * Every signature suite by name. A new algorithm is one file and one row here. Where only a public key is known, the
 * first suite that takes it is meant: a group's key comes with its record and never alone.
 */
export const suites = {
  ed25519: ed25519Suite,
  "p256-sha256": p256Sha256Suite,
  "secp256k1-keccak256": secp256k1Keccak256Suite,
  "secp256k1-sha256": secp256k1Sha256Suite,
  "schnorr-secp256k1-keccak256": schnorrSecp256k1Keccak256Suite,
} as const satisfies Record<string, Suite>;

export type SuiteName = keyof typeof suites;

export const suiteNames = Object.keys(suites) as [SuiteName, ...SuiteName[]];

/** The suite of a name that came from outside. Throws `SUITE_UNKNOWN`. */
export const suiteOf = (name: string): Suite => {
  if (!Object.hasOwn(suites, name))
    throw fabricError("SUITE_UNKNOWN", { suite: name.slice(0, 40) });
  return suites[name as SuiteName];
};
