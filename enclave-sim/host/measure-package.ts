import { measureCryptlet } from "../../src/attestation/measurement-log.ts";
import type { Digest } from "../../src/core/ids.ts";
import { concatBytes } from "../../src/crypto/bytes.ts";
import { digestOf } from "../../src/crypto/hashes.ts";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import type { Language } from "../../src/sdk/manifest.ts";
import type { Lane } from "../protocol/lane.ts";
import type { LaneSnapshot } from "../runners/lane-engine.ts";
import { programInterpreter } from "../runners/process/program-interpreter.ts";
import { programLanguage } from "../runners/process/program-runtimes.ts";
import { laneEngines } from "../runners/lane-engines.ts";
import type { CryptletPackage } from "./enclave.ts";

/** The Cryptlet's part of the measurement log, as canonical JSON text. */
export interface CryptletContents {
  readonly interpreter: string;
  readonly bundle: string;
  readonly manifest: string;
}

const encoder = new TextEncoder();

/**
 * Digest of a snapshot: what it is and where its parts lie, then every byte of it. A number of a wasm global is taken
 * with its type, because 1 and 1n are two values. Null for the process lane, which has no memory before a run.
 */
export const snapshotDigest = (snapshot: LaneSnapshot): Digest | null => {
  switch (snapshot.lane) {
    case "js": {
      const { stackPointer, runtimePointer, contextPointer, beginToken, memory } = snapshot;
      const places = [stackPointer, runtimePointer, contextPointer, beginToken].join(" ");
      return digestOf(concatBytes(encoder.encode(`cryptlet/snapshot/v1 ${places}\n`), memory));
    }
    case "wasm": {
      const { moduleBytes, memory, globals } = snapshot;
      const values = globals.map((value) => `${typeof value}:${String(value)}`).join(" ");
      const sizes = `${moduleBytes.length} ${memory === null ? "none" : memory.length}`;
      const head = encoder.encode(`cryptlet/snapshot/wasm/v1 ${sizes} ${values}\n`);
      return digestOf(concatBytes(head, moduleBytes, memory ?? new Uint8Array()));
    }
    case "evm":
      return digestOf(concatBytes(encoder.encode("cryptlet/snapshot/evm/v1\n"), snapshot.code));
    case "process":
      return null;
  }
};

const interpreterOf = (lane: Lane, language: Language): string => {
  if (lane === "process") return programInterpreter(programLanguage(language));
  const row = laneEngines[lane];
  if (!row) throw fabricError("LANE_UNAVAILABLE", { lane });
  return row.interpreter();
};

/** Contents that are measured: engine, code with the memory that it leaves, manifest. */
export const measuredContents = (
  cryptlet: CryptletPackage,
  snapshot: LaneSnapshot,
): CryptletContents => ({
  interpreter: interpreterOf(snapshot.lane, cryptlet.manifest.language),
  bundle: JSON.stringify({
    bundle: digestOf(cryptlet.bundle),
    snapshot: snapshotDigest(snapshot),
  }),
  manifest: JSON.stringify({ manifest: digestOf(cryptlet.manifestBytes) }),
});

/** `cryptlet.measurement` of a package with the snapshot that its bundle gave. */
export const measurePackage = (contents: CryptletContents): Digest => measureCryptlet(contents);
