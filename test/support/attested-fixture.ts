import { randomBytes } from "node:crypto";
import type { Attester, AttestationRequest } from "../../src/attestation/attester.ts";
import { appraiseSimulated } from "../../src/attestation/appraise-simulated.ts";
import { MEASURED, replayMeasurementLog } from "../../src/attestation/measurement-log.ts";
import { keysetRoot, reportData, ZERO_WORD } from "../../src/attestation/report-data.ts";
import {
  describeEvidence,
  signSimulatedEvidence,
} from "../../src/attestation/simulated-evidence.ts";
import type { SimulatedPolicyInput } from "../../src/attestation/simulated-policy.ts";
import type { WorkloadAppraiser } from "../../src/attestation/workload-appraiser.ts";
import type { Clock } from "../../src/core/clock.ts";
import { fabricError } from "../../src/core/errors/fabric-error.ts";
import { cryptletIdSchema, digestSchema, type Digest } from "../../src/core/ids.ts";
import { bytesToHex } from "../../src/crypto/bytes.ts";
import { generateX25519, x25519PublicKey } from "../../src/crypto/hpke/hpke.ts";
import { createSigningKey } from "../../src/crypto/key-record.ts";
import { digestOf } from "../../src/crypto/hashes.ts";
import type { Evidence } from "../../src/envelope/bundle.ts";

/** A simulated platform with one workload on it, whose evidence a test can bend. */
export interface AttestedFixture {
  readonly attester: Attester;
  readonly measurement: Digest;
  /** Raw X25519 secret key whose public half every evidence binds. */
  readonly encryptionSecret: Uint8Array;
  /** Accepts this platform and this workload unless changed. */
  appraiser(change?: Partial<SimulatedPolicyInput>): WorkloadAppraiser;
  /** Evidence as asked, at another time or with debug set. */
  evidence(
    request: AttestationRequest,
    change?: { readonly notBefore?: number; readonly debug?: boolean },
  ): Evidence;
}

const VALID_MS = 3_600_000;

export const createAttestedFixture = (
  clock: Clock,
  options: { readonly cryptlet?: string } = {},
): AttestedFixture => {
  const platform = createSigningKey("ed25519");
  const cryptlet = options.cryptlet ?? "crm-record";
  const manifestDigest = digestOf(randomBytes(32));
  const encryptionSecret = generateX25519();
  const contents: Record<string, string> = {
    manifest: JSON.stringify({ manifest: manifestDigest }),
    "end-of-launch": "",
  };
  const log = MEASURED.map((type) => ({ type, content: contents[type] ?? `{"${type}":1}` }));
  const { measurement, launch } = replayMeasurementLog(log);
  const evidence: AttestedFixture["evidence"] = (request, change = {}) => {
    const notBefore = change.notBefore ?? clock.now();
    const registration = {
      profile: "cryptlet/js/v1",
      purpose: request.purpose,
      keysetRoot: keysetRoot(request.keys),
      encryptionKey: bytesToHex(x25519PublicKey(encryptionSecret)),
      nonce: request.nonce ?? ZERO_WORD,
      cryptlet,
      manifestDigest,
      configId: digestSchema.parse(`sha256:${"cd".repeat(32)}`),
      notBefore,
      notAfter: notBefore + VALID_MS,
    } as const;
    return signSimulatedEvidence(
      {
        platform: {
          vendor: "SIMULATOR-NO-HW!",
          fmspc: "53494d000000",
          keyid: platform.record.keyid,
          debug: change.debug ?? false,
        },
        cryptlet: { id: cryptletIdSchema.parse(cryptlet), version: "1.0.0", measurement },
        log,
        launch,
        keys: [...request.keys],
        registration,
        epoch: 0,
        reportData: reportData(registration, request.keys, 0),
      },
      platform,
    );
  };
  return {
    measurement,
    encryptionSecret,
    evidence,
    attester: {
      attest: async (request) => ({
        evidence: evidence(request),
        notAfter: clock.now() + VALID_MS,
      }),
    },
    appraiser: (change = {}) => ({
      appraise: async (given, { purpose, nonce, at }) => {
        const result = appraiseSimulated(
          given,
          {
            id: "fixture",
            allowSimulated: true,
            anchors: [{ name: "fixture", key: platform.record, simulated: true }],
            measurements: [measurement],
            ...change,
          },
          at,
        );
        const { registration, keys } = describeEvidence(given);
        if (registration.purpose !== purpose)
          throw fabricError("EVIDENCE_PURPOSE_WRONG", {
            purpose: registration.purpose,
            asked: purpose,
          });
        if (nonce !== undefined && registration.nonce !== nonce)
          throw fabricError("EVIDENCE_NONCE_WRONG", {});
        return {
          evidenceId: result.evidenceId,
          simulated: true,
          debug: result.debug,
          measurement: result.cryptlet.measurement,
          publisher: null,
          registration,
          keys,
          policy: result.policy,
        };
      },
    }),
  };
};
