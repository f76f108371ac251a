import { measureCryptlet } from "../../src/attestation/measurement-log.ts";
import type { Digest } from "../../src/core/ids.ts";
import { concatBytes } from "../../src/crypto/bytes.ts";
import { digestOf } from "../../src/crypto/hashes.ts";
import type { EngineSnapshot } from "../runners/js/js-engine.ts";
import type { CryptletPackage } from "./enclave.ts";

/** The Cryptlet's part of the measurement log, as canonical JSON text. */
export interface CryptletContents {
  readonly interpreter: string;
  readonly bundle: string;
  readonly manifest: string;
}

/** Digest of a snapshot: where its parts lie, then every byte of its memory. */
const snapshotDigest = (snapshot: EngineSnapshot): Digest => {
  const { stackPointer, runtimePointer, contextPointer, beginToken, memory } = snapshot;
  const places = [stackPointer, runtimePointer, contextPointer, beginToken].join(" ");
  return digestOf(
    concatBytes(new TextEncoder().encode(`cryptlet/snapshot/v1 ${places}\n`), memory),
  );
};

/** Contents that are measured: engine, bundle with the memory that it leaves, manifest. */
export const measuredContents = (
  engine: Uint8Array,
  cryptlet: CryptletPackage,
  snapshot: EngineSnapshot,
): CryptletContents => ({
  interpreter: JSON.stringify({ engine: digestOf(engine) }),
  bundle: JSON.stringify({
    bundle: digestOf(cryptlet.bundle),
    snapshot: snapshotDigest(snapshot),
  }),
  manifest: JSON.stringify({ manifest: digestOf(cryptlet.manifestBytes) }),
});

/** `cryptlet.measurement` of a package with the snapshot that its bundle gave. */
export const measurePackage = (contents: CryptletContents): Digest => measureCryptlet(contents);
