import {
  type EvidenceDocument,
  KEY_STATEMENT_TYPE,
  type KeyStatement,
  serializeEvidence,
} from "../../src/attestation/evidence-document.ts";
import type { MeasurementLog } from "../../src/attestation/measurement-log.ts";
import { replayMeasurementLog } from "../../src/attestation/measurement-log.ts";
import {
  keysetRoot,
  type Purpose,
  type Registration,
  reportData,
  ZERO_WORD,
} from "../../src/attestation/report-data.ts";
import type { Digest } from "../../src/core/ids.ts";
import { encodeBase64 } from "../../src/crypto/base64.ts";
import { hexToBytes } from "../../src/crypto/bytes.ts";
import type { KeyRecord, SigningKey } from "../../src/crypto/key-record.ts";
import type { Evidence } from "../../src/envelope/bundle.ts";
import { canonicalJson } from "../../src/envelope/canonical-json.ts";
import { signEnvelope } from "../../src/envelope/dsse-sign.ts";
import type { QuoteProvider, TeeEvidence } from "../quote-providers/quote-provider.ts";

const NO_DIGEST = `sha256:${ZERO_WORD}` as Digest;
const DAY_MS = 86_400_000;
/** How long evidence holds, in ms: less than the collateral in it. */
export const EVIDENCE_VALID_MS = 30 * DAY_MS;

/** Whose keys are registered, for what. Times are ms since epoch. */
export interface Subject {
  readonly log: MeasurementLog;
  readonly registration: Pick<
    Registration,
    "profile" | "cryptlet" | "manifestDigest" | "configId" | "encryptionKey"
  >;
  readonly keys: readonly KeyRecord[];
  readonly epoch: number;
}

/** What one piece of evidence is asked for. */
export interface EvidenceRequest {
  readonly purpose: Purpose;
  /** 32 bytes in hex; zeros where nobody asked. */
  readonly nonce: string;
  /** ms since epoch. */
  readonly at: number;
  readonly signal?: AbortSignal;
}

/** What a host's registration says: it is no Cryptlet and has no configuration of its own. */
export const HOST_REGISTRATION = {
  profile: "fabric/host/v1",
  cryptlet: "",
  manifestDigest: NO_DIGEST,
  configId: NO_DIGEST,
} as const;

const register = (
  subject: Pick<Subject, "registration" | "keys">,
  { purpose, nonce, at }: EvidenceRequest,
): Registration => ({
  ...subject.registration,
  purpose,
  keysetRoot: keysetRoot(subject.keys),
  nonce,
  notBefore: at,
  notAfter: at + EVIDENCE_VALID_MS,
});

const quoteOver = async (
  provider: QuoteProvider,
  parts: Pick<EvidenceDocument, "registration" | "keys" | "epoch">,
  signal: AbortSignal | undefined,
): Promise<TeeEvidence> =>
  provider.getEvidence(
    hexToBytes(reportData(parts.registration, parts.keys, parts.epoch), 64),
    signal ? { signal } : {},
  );

const documentOf = (
  quote: TeeEvidence,
  parts: Pick<EvidenceDocument, "log" | "registration" | "keys" | "epoch" | "host">,
): Evidence =>
  serializeEvidence({
    format: "cryptlet-evidence/v2",
    tee: quote.tee,
    quote: encodeBase64(quote.bytes),
    collateral: quote.collateral,
    ...parts,
  });

/** Evidence whose quote is of the subject itself. Throws what the provider throws. */
export const makeEvidence = async (
  provider: QuoteProvider,
  subject: Subject,
  request: EvidenceRequest,
): Promise<Evidence> => {
  const { log, epoch } = subject;
  const keys = [...subject.keys];
  const registration = register(subject, request);
  const quote = await quoteOver(provider, { registration, keys, epoch }, request.signal);
  return documentOf(quote, { log, registration, keys, epoch, host: null });
};

/**
 * Evidence in two layers: the quote is of the host over its attestation key (layer 0), and that key signs what the
 * Cryptlet's keys are (layer 1). Throws what the provider throws.
 */
export const makeLayeredEvidence = async (
  provider: QuoteProvider,
  { subject, hostKey }: { readonly subject: Subject; readonly hostKey: SigningKey },
  request: EvidenceRequest,
): Promise<Evidence> => {
  const { log, epoch } = subject;
  const keys = [...subject.keys];
  const registration = register(subject, request);
  const { measurement, launch } = replayMeasurementLog(log);
  const hostKeys = [hostKey.record];
  const layer0 = {
    registration: register(
      { registration: { ...HOST_REGISTRATION, encryptionKey: ZERO_WORD }, keys: hostKeys },
      { ...request, purpose: "host-ak" },
    ),
    keys: hostKeys,
    epoch: 0,
  };
  const quote = await quoteOver(provider, layer0, request.signal);
  const statement: KeyStatement = {
    format: "cryptlet-key-statement/v1",
    measurement,
    launch,
    reportData: reportData(registration, keys, epoch),
    notBefore: registration.notBefore,
    notAfter: registration.notAfter,
  };
  const payload = new TextEncoder().encode(canonicalJson(statement));
  return documentOf(quote, {
    log,
    registration,
    keys,
    epoch,
    host: { ...layer0, statement: signEnvelope(KEY_STATEMENT_TYPE, payload, [hostKey]) },
  });
};
