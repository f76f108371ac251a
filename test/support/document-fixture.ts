import {
  type EvidenceDocument,
  KEY_STATEMENT_TYPE,
  type KeyStatement,
} from "../../src/attestation/evidence-document.ts";
import {
  HOST_MEASURED,
  MEASURED,
  type MeasurementLog,
  replayMeasurementLog,
} from "../../src/attestation/measurement-log.ts";
import {
  keysetRoot,
  type Purpose,
  type Registration,
  reportData,
  ZERO_WORD,
} from "../../src/attestation/report-data.ts";
import { digestSchema } from "../../src/core/ids.ts";
import { encodeBase64 } from "../../src/crypto/base64.ts";
import { concatBytes, hexToBytes } from "../../src/crypto/bytes.ts";
import { digestOf } from "../../src/crypto/hashes.ts";
import { createSigningKey, type KeyRecord } from "../../src/crypto/key-record.ts";
import { canonicalJson } from "../../src/envelope/canonical-json.ts";
import { signEnvelope } from "../../src/envelope/dsse-sign.ts";
import { createPlatformFixture, PLATFORM_AT } from "./simulated-platform-fixture.ts";

export const HOUR_MS = 3_600_000;

/** What one document is about. */
export interface DocumentRequest {
  readonly purpose?: Purpose;
  readonly keys?: readonly KeyRecord[];
  readonly nonce?: string;
  readonly tee?: "sgx" | "tdx";
  readonly layered?: boolean;
  readonly subject?: "cryptlet" | "host";
  readonly debug?: boolean;
  readonly notBefore?: number;
  readonly epoch?: number;
}

const encoder = new TextEncoder();
const bytesOf = (digest: string) => hexToBytes(digest.slice(digest.indexOf(":") + 1));
const NO_DIGEST = digestSchema.parse(`sha256:${ZERO_WORD}`);

/** Evidence documents of one workload on one simulated platform, put together by hand: a test can bend each part. */
export const createDocumentFixture = (
  options: {
    readonly at?: number;
    readonly cryptlet?: string;
    readonly code?: string;
    readonly seed?: number;
    readonly encryptionKey?: string;
  } = {},
) => {
  const { at = PLATFORM_AT, cryptlet = "gold-price", code = "code", seed = 7 } = options;
  const { platform, anchor } = createPlatformFixture({ seed, createdAt: at });
  const manifestDigest = digestOf(encoder.encode(`${cryptlet} ${code}`));
  const contents: Record<string, string> = {
    manifest: JSON.stringify({ manifest: manifestDigest }),
    bundle: JSON.stringify({ bundle: code }),
    "end-of-launch": "",
  };
  const logOf = (types: readonly (typeof MEASURED)[number][]): MeasurementLog =>
    types.map((type) => ({ type, content: contents[type] ?? JSON.stringify({ [type]: 1 }) }));
  const log = logOf(MEASURED);
  const hostLog = logOf(HOST_MEASURED);
  const defaultKeys = [createSigningKey("ed25519"), createSigningKey("secp256k1-keccak256")].map(
    ({ record }) => record,
  );
  const configId = digestOf(encoder.encode("configuration"));

  const registrationOf = (
    subject: "cryptlet" | "host",
    keys: readonly KeyRecord[],
    request: DocumentRequest,
  ): Registration => ({
    ...(subject === "host"
      ? { profile: "fabric/host/v1", cryptlet: "", manifestDigest: NO_DIGEST, configId: NO_DIGEST }
      : { profile: "cryptlet/js/v1", cryptlet, manifestDigest, configId }),
    purpose: request.purpose ?? "register",
    keysetRoot: keysetRoot(keys),
    encryptionKey: options.encryptionKey ?? ZERO_WORD,
    nonce: request.nonce ?? ZERO_WORD,
    notBefore: request.notBefore ?? at,
    notAfter: (request.notBefore ?? at) + HOUR_MS,
  });

  const quoteOf = (
    request: DocumentRequest,
    parts: Pick<EvidenceDocument, "log" | "registration" | "keys" | "epoch">,
  ): string => {
    const { measurement, launch, host } = replayMeasurementLog(parts.log);
    const { debug = false, tee = "sgx" } = request;
    const data = hexToBytes(reportData(parts.registration, parts.keys, parts.epoch), 64);
    const configuration = bytesOf(parts.registration.configId);
    const common = { debug, reportData: data };
    const bytes =
      tee === "tdx"
        ? platform.quote({ tee, ...common, mrConfigId: configuration, rtmr3: bytesOf(launch) }, at)
        : platform.quote(
            {
              tee,
              ...common,
              configId: concatBytes(configuration, bytesOf(host)),
              mrenclave: bytesOf(measurement),
              mrsigner: new Uint8Array(32),
              prodId: 0,
              svn: 0,
            },
            at,
          );
    return encodeBase64(bytes);
  };

  const layersOf = (
    request: DocumentRequest,
    subject: Omit<EvidenceDocument, "host">,
  ): EvidenceDocument => {
    const keys = [platform.hostKey.record];
    const registration = registrationOf("host", keys, { ...request, purpose: "host-ak" });
    const { measurement, launch } = replayMeasurementLog(subject.log);
    const statement: KeyStatement = {
      format: "cryptlet-key-statement/v1",
      measurement,
      launch,
      reportData: reportData(subject.registration, subject.keys, subject.epoch),
      notBefore: subject.registration.notBefore,
      notAfter: subject.registration.notAfter,
    };
    const payload = encoder.encode(canonicalJson(statement));
    return {
      ...subject,
      quote: quoteOf(request, { log: hostLog, registration, keys, epoch: 0 }),
      host: {
        keys,
        registration,
        epoch: 0,
        statement: signEnvelope(KEY_STATEMENT_TYPE, payload, [platform.hostKey]),
      },
    };
  };

  const document = (request: DocumentRequest = {}): EvidenceDocument => {
    const { tee = "sgx", subject = "cryptlet", epoch = 0 } = request;
    const keys = [...(request.keys ?? defaultKeys)];
    const registration = registrationOf(subject, keys, request);
    const parts = { log: subject === "host" ? hostLog : log, registration, keys, epoch };
    const direct = {
      format: "cryptlet-evidence/v2" as const,
      tee,
      collateral: platform.collateral(tee, at),
      ...parts,
      quote: quoteOf(request, parts),
    };
    return request.layered === true ? layersOf(request, direct) : { ...direct, host: null };
  };
  return {
    platform,
    anchor,
    at,
    keys: defaultKeys,
    document,
    hostMeasurement: replayMeasurementLog(hostLog).measurement,
    measurement: replayMeasurementLog(log).measurement,
  };
};
