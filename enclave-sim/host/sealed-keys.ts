import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { SIMULATED_VENDOR } from "../../src/attestation/simulated-evidence.ts";
import type { Digest } from "../../src/core/ids.ts";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { concatBytes } from "../../src/crypto/bytes.ts";
import { createSigningKey, type SigningKey } from "../../src/crypto/key-record.ts";
import { suiteOf } from "../../src/crypto/suites.ts";
import { readOrCreate } from "./create-once.ts";
import { seal, type SealHeader, unseal } from "./seal.ts";

/** Keys of one measurement. Secret halves never leave this thread. */
export interface Keyset {
  /** JSON form. */
  readonly ed25519: SigningKey;
  /** ABI tuple form. */
  readonly secp256k1: SigningKey;
}

const JSON_SUITE = "ed25519";
const EVM_SUITE = "secp256k1-keccak256";
const SECRET_BYTES = 32;
/** A platform key belongs to no Cryptlet. */
const NO_MEASUREMENT = `sha256:${"0".repeat(64)}` as Digest;

/** The simulated platform's secret: the weakest point of the simulation, a file that the host's operator can read. */
const platformSecret = async (directory: string): Promise<Uint8Array> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = path.join(directory, "platform-secret");
  const secret = await readOrCreate(file, () => randomBytes(SECRET_BYTES));
  if (secret.length !== SECRET_BYTES)
    throw fabricError("SEAL_REFUSED", { path: file, reason: `it has ${secret.length} bytes` });
  return secret;
};

const openSealed = async (
  file: string,
  secret: Uint8Array,
  header: SealHeader,
  length: number,
  generate: () => Uint8Array,
): Promise<Uint8Array> => {
  const text = await readOrCreate(file, () => seal(secret, header, generate()));
  const plain = unseal(secret, header, text.toString("utf8"), file);
  if (plain.length !== length)
    throw fabricError("SEAL_REFUSED", { path: file, reason: `it holds ${plain.length} bytes` });
  return plain;
};

const fileOf = (directory: string, name: string, debug: boolean) =>
  path.join(directory, `${name}${debug ? ".debug" : ""}.sealed`);

/** The keys of a measurement: opened when they were sealed before, made and sealed otherwise. Throws `SEAL_REFUSED`. */
export const openKeyset = async (
  directory: string,
  measurement: Digest,
  debug: boolean,
): Promise<Keyset> => {
  const header: SealHeader = {
    format: "cryptlet-seal/v1",
    vendor: SIMULATED_VENDOR,
    policy: "MRENCLAVE",
    purpose: "keyset",
    measurement,
    debug,
  };
  const secrets = await openSealed(
    fileOf(directory, measurement.slice("sha256:".length), debug),
    await platformSecret(directory),
    header,
    2 * SECRET_BYTES,
    () => concatBytes(suiteOf(JSON_SUITE).generate(), suiteOf(EVM_SUITE).generate()),
  );
  return {
    ed25519: createSigningKey(JSON_SUITE, secrets.slice(0, SECRET_BYTES)),
    secp256k1: createSigningKey(EVM_SUITE, secrets.slice(SECRET_BYTES)),
  };
};

/** The key that signs simulated evidence; what a relying party takes as its (simulated) anchor. Throws `SEAL_REFUSED`. */
export const openPlatformKey = async (directory: string, debug: boolean): Promise<SigningKey> => {
  const header: SealHeader = {
    format: "cryptlet-seal/v1",
    vendor: SIMULATED_VENDOR,
    policy: "PLATFORM",
    purpose: "platform-key",
    measurement: NO_MEASUREMENT,
    debug,
  };
  const secret = await openSealed(
    fileOf(directory, "platform-key", debug),
    await platformSecret(directory),
    header,
    SECRET_BYTES,
    () => suiteOf(JSON_SUITE).generate(),
  );
  return createSigningKey(JSON_SUITE, secret);
};
