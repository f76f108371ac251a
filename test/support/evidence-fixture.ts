import { createSimulatedPlatform } from "../../enclave-sim/platform/simulated-platform.ts";
import type { EvidenceDocument } from "../../src/attestation/evidence-document.ts";
import { MEASURED, replayMeasurementLog } from "../../src/attestation/measurement-log.ts";
import {
  keysetRoot,
  type Purpose,
  type Registration,
  reportData,
  ZERO_WORD,
} from "../../src/attestation/report-data.ts";
import type { TrustAnchor } from "../../src/attestation/trust-anchors.ts";
import { digestSchema, type Digest } from "../../src/core/ids.ts";
import { encodeBase64 } from "../../src/crypto/base64.ts";
import { hexToBytes } from "../../src/crypto/bytes.ts";
import { digestOf } from "../../src/crypto/hashes.ts";
import type { KeyRecord } from "../../src/crypto/key-record.ts";
import { PATCHED_NODE } from "./simulated-platform-fixture.ts";

export const HOUR_MS = 3_600_000;

/** What one document is asked for. */
export interface DocumentRequest {
  readonly purpose: Purpose;
  readonly keys: readonly KeyRecord[];
  readonly nonce?: string;
  /** ms since epoch; the document holds for an hour from here. */
  readonly notBefore: number;
  readonly debug?: boolean;
}

/** One Cryptlet on one simulated SGX platform, and documents about it for any keys and purpose. */
export interface EvidenceFixture {
  readonly anchor: TrustAnchor;
  readonly measurement: Digest;
  document(request: DocumentRequest): EvidenceDocument;
}

export const createEvidenceFixture = (options: {
  /** When the platform was made, ms since epoch. */
  readonly at: number;
  readonly cryptlet: string;
  /** Stands for the code: another one is another measurement. */
  readonly code: string;
  readonly seed: number;
  readonly encryptionKey: string;
}): EvidenceFixture => {
  const { cryptlet, code, seed, encryptionKey, at } = options;
  const platform = createSimulatedPlatform(new Uint8Array(32).fill(seed), {
    createdAt: at,
    nodeVersion: PATCHED_NODE,
  });
  const manifestDigest = digestOf(new TextEncoder().encode(code));
  const contents: Readonly<Record<string, string>> = {
    manifest: JSON.stringify({ manifest: manifestDigest }),
    bundle: JSON.stringify({ code }),
    "end-of-launch": "",
  };
  const log = MEASURED.map((type) => ({ type, content: contents[type] ?? `{"${type}":1}` }));
  const { measurement } = replayMeasurementLog(log);
  const configId = digestSchema.parse(`sha256:${"cd".repeat(32)}`);
  return {
    measurement,
    anchor: {
      vendor: "intel",
      name: "fixture",
      certificate: platform.root,
      simulated: true,
    },
    document: ({ purpose, keys, nonce = ZERO_WORD, notBefore, debug = false }) => {
      const registration: Registration = {
        profile: "cryptlet/js/v1",
        purpose,
        keysetRoot: keysetRoot(keys),
        encryptionKey,
        nonce,
        cryptlet,
        manifestDigest,
        configId,
        notBefore,
        notAfter: notBefore + HOUR_MS,
      };
      const quote = platform.quote(
        {
          tee: "sgx",
          debug,
          reportData: hexToBytes(reportData(registration, keys, 0), 64),
          mrenclave: hexToBytes(measurement.slice("sha256:".length), 32),
          mrsigner: new Uint8Array(32),
          configId: hexToBytes(configId.slice("sha256:".length), 32),
          prodId: 0,
          svn: 1,
        },
        notBefore,
      );
      return {
        format: "cryptlet-evidence/v2",
        tee: "sgx",
        quote: encodeBase64(quote),
        collateral: platform.collateral("sgx", notBefore),
        log,
        keys: [...keys],
        registration,
        epoch: 0,
        host: null,
      };
    },
  };
};
