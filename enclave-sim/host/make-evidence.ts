import { systemClock } from "../../src/core/clock.ts";
import type { Digest } from "../../src/core/ids.ts";
import { MEASURED, replayMeasurementLog } from "../../src/attestation/measurement-log.ts";
import { keysetRoot, type Registration, reportData } from "../../src/attestation/report-data.ts";
import {
  signSimulatedEvidence,
  SIMULATED_FMSPC,
  SIMULATED_VENDOR,
} from "../../src/attestation/simulated-evidence.ts";
import { digestOf } from "../../src/crypto/hashes.ts";
import type { Evidence } from "../../src/envelope/bundle.ts";
import { canonicalJson } from "../../src/envelope/canonical-json.ts";
import type { CryptletPackage, LoadOptions } from "./enclave.ts";
import type { CryptletContents } from "./measure-package.ts";
import { measurePlatform } from "./measure-platform.ts";
import type { Keyset, openPlatformKey } from "./sealed-keys.ts";

/** How long evidence holds from the start of a Cryptlet, in ms: 90 days. */
const EVIDENCE_VALID_MS = 90 * 86_400_000;
const ZEROS = "0".repeat(64);

/** Digest of what the operator chose. Secrets by name only: their values must not be guessable from evidence. */
const configurationId = (options: LoadOptions): Digest => {
  const { fabric, feeds, secrets, sources } = options;
  const content = { fabric, feeds, secrets: Object.keys(secrets).toSorted(), sources };
  return digestOf(new TextEncoder().encode(canonicalJson(content)));
};

/** Evidence of a Cryptlet that was just started. */
export const makeEvidence = (parts: {
  readonly cryptlet: CryptletPackage;
  readonly options: LoadOptions;
  readonly contents: CryptletContents;
  readonly keys: Keyset;
  readonly platformKey: Awaited<ReturnType<typeof openPlatformKey>>;
  readonly debug: boolean;
}): Evidence => {
  const { cryptlet, keys, platformKey } = parts;
  const { manifest } = cryptlet;
  const contents = { ...measurePlatform(), ...parts.contents, "end-of-launch": "" };
  const log = MEASURED.map((type) => ({ type, content: contents[type] }));
  const { measurement, launch } = replayMeasurementLog(log);
  const records = [keys.ed25519.record, keys.secp256k1.record];
  const now = systemClock.now();
  const registration: Registration = {
    profile: "cryptlet/js/v1",
    purpose: "register",
    keysetRoot: keysetRoot(records),
    encryptionKey: ZEROS,
    nonce: ZEROS,
    cryptlet: manifest.id,
    manifestDigest: digestOf(cryptlet.manifestBytes),
    configId: configurationId(parts.options),
    notBefore: now,
    notAfter: now + EVIDENCE_VALID_MS,
  };
  const epoch = 0;
  return signSimulatedEvidence(
    {
      platform: {
        vendor: SIMULATED_VENDOR,
        fmspc: SIMULATED_FMSPC,
        keyid: platformKey.record.keyid,
        debug: parts.debug,
      },
      cryptlet: { id: manifest.id, version: manifest.version, measurement },
      log,
      launch,
      keys: records,
      registration,
      epoch,
      reportData: reportData(registration, records, epoch),
    },
    platformKey,
  );
};
