import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import { type Digest, digestHex } from "../core/ids.ts";
import { digestOf } from "../crypto/hashes.ts";
import type { KeyRecord } from "../crypto/key-record.ts";
import { verifyEnvelope } from "../envelope/dsse-verify.ts";
import { createKeyRing } from "../envelope/key-ring.ts";
import { envelopeDigest } from "../envelope/signed-observation.ts";
import {
  type EvidenceDocument,
  KEY_STATEMENT_TYPE,
  keyStatementSchema,
  readEvidenceJson,
} from "./evidence-document.ts";
import type { EvidenceClaims } from "./evidence-claims.ts";
import { type MeasurementLog, type ReplayedLog, replayMeasurementLog } from "./measurement-log.ts";
import {
  keysetRoot,
  type Purpose,
  type Registration,
  reportData,
  ZERO_WORD,
} from "./report-data.ts";

/** What the relying party asks the evidence for. */
export interface BindOptions {
  /** Evidence of another purpose is refused. */
  readonly purpose: Purpose;
  /** ms since epoch. */
  readonly at: number;
  /** 32 bytes in hex that the relying party drew; the evidence must bind exactly these. */
  readonly nonce?: string;
}

/** What verified claims and a document say together. Every field is bound by the quote. */
export interface BoundEvidence {
  readonly subject: "cryptlet" | "host";
  /** `quote`: the quote is of the subject. `host-key`: the quote is of its host, whose key vouches for it. */
  readonly layer: "quote" | "host-key";
  /** Of the subject: what stands in statements, and what a policy lists for Cryptlets. */
  readonly measurement: Digest;
  /** `sha384:` register over the subject's whole log. */
  readonly launch: string;
  /** Measurement of the host alone, as the log gives it. */
  readonly host: Digest;
  /**
   * With layer `host-key`: whether the quote's own register is the host's measurement from the log. False on hardware
   * that measures a whole machine image: a policy must then accept `claims.measurement` itself.
   */
  readonly hostMeasured: boolean;
  readonly registration: Registration;
  readonly keys: readonly KeyRecord[];
  /** Digest of what is signed: the quote's, with layer `host-key` together with the statement's. */
  readonly evidenceId: Digest;
  /** When registrations and statement hold together, ms since epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

const refuse = (reason: string): never => {
  throw fabricError("EVIDENCE_INVALID", { reason });
};

/** Keys as their records say, none twice, all of them under the registration's root. */
const checkKeys = (keys: readonly KeyRecord[], registration: Registration): void => {
  try {
    createKeyRing(keys);
  } catch (error) {
    if (!isFabricError(error)) throw error;
    refuse(error.message);
  }
  if (new Set(keys.map(({ keyid }) => keyid)).size !== keys.length) refuse("a key stands twice");
  if (keysetRoot(keys) !== registration.keysetRoot) refuse("the keyset root is not of these keys");
};

const checkTimes = ({ notBefore, notAfter }: Registration, at: number): void => {
  if (at < notBefore || at > notAfter)
    throw fabricError("EVIDENCE_EXPIRED", { notBefore, notAfter, at });
};

const checkAsked = (registration: Registration, { purpose, nonce }: BindOptions): void => {
  if (registration.purpose !== purpose)
    throw fabricError("EVIDENCE_PURPOSE_WRONG", { purpose: registration.purpose, asked: purpose });
  if (nonce !== undefined && registration.nonce !== nonce)
    throw fabricError("EVIDENCE_NONCE_WRONG", {});
};

/** The registration names the subject that the log measures. */
const checkSubject = (
  registration: Registration,
  log: MeasurementLog,
  subject: ReplayedLog["subject"],
): void => {
  const { profile, cryptlet, manifestDigest, purpose } = registration;
  if (subject === "host") {
    if (profile !== "fabric/host/v1") refuse(`a host's log under the profile ${profile}`);
    if (cryptlet !== "" || digestHex(manifestDigest) !== ZERO_WORD)
      refuse("a host names a Cryptlet");
    return;
  }
  if (profile === "fabric/host/v1") refuse("a Cryptlet's log under the profile of a host");
  if (cryptlet === "") refuse("the registration names no Cryptlet");
  if (purpose === "host-ak") refuse("a Cryptlet's key speaks for no host");
  const manifest = log.find(({ type }) => type === "manifest")?.content;
  if (manifest !== JSON.stringify({ manifest: manifestDigest }))
    refuse("the registration names another manifest");
};

/** Whether the register in which this kind of TEE holds a measured log is the log's. Other kinds have none. */
const isMeasured = (claims: EvidenceClaims, measurement: Digest, launch: string): boolean =>
  (claims.tee === "sgx" && claims.registers["mrenclave"] === digestHex(measurement)) ||
  (claims.tee === "tdx" && claims.registers["rtmr3"] === digestHex(launch));

/**
 * CONFIGID and MRCONFIGID begin with the configuration's digest. MRENCLAVE covers the Cryptlet's part of the log alone, so
 * that the second half of CONFIGID is the host's measurement; RTMR3 covers the whole log.
 */
const checkConfiguration = (
  { tee, configId }: EvidenceClaims,
  registration: Registration,
  host: Digest,
): void => {
  const rest = tee === "sgx" ? digestHex(host) : "";
  const expected = `${digestHex(registration.configId)}${rest}`;
  if (configId === null || configId !== expected.padEnd(configId.length, "0"))
    refuse("the quote binds another configuration or another host");
};

const checkReportData = (
  claims: EvidenceClaims,
  parts: Pick<EvidenceDocument, "registration" | "keys" | "epoch">,
): void => {
  if (claims.reportData !== reportData(parts.registration, parts.keys, parts.epoch))
    refuse("the quote binds other keys or another registration");
};

const bindDirect = (
  document: EvidenceDocument,
  claims: EvidenceClaims,
  replayed: ReplayedLog,
): BoundEvidence => {
  const { registration, keys } = document;
  checkReportData(claims, document);
  if (!isMeasured(claims, replayed.measurement, replayed.launch))
    refuse(`no register of ${claims.tee} holds what the log gives`);
  checkConfiguration(claims, registration, replayed.host);
  return {
    ...replayed,
    layer: "quote",
    hostMeasured: replayed.subject === "host",
    registration,
    keys,
    evidenceId: claims.evidenceId,
    notBefore: registration.notBefore,
    notAfter: registration.notAfter,
  };
};

/** Layer 0, then what its key says in layer 1, then that this is said of exactly these parts. */
const bindByHost = (
  document: EvidenceDocument,
  layer: NonNullable<EvidenceDocument["host"]>,
  context: {
    readonly claims: EvidenceClaims;
    readonly replayed: ReplayedLog;
    readonly at: number;
  },
): BoundEvidence => {
  const { claims, replayed, at } = context;
  const { registration, keys, epoch } = document;
  const { registration: hostRegistration } = layer;
  if (replayed.subject !== "cryptlet") refuse("a host vouches for Cryptlets only");
  if (hostRegistration.purpose !== "host-ak")
    throw fabricError("EVIDENCE_PURPOSE_WRONG", {
      purpose: hostRegistration.purpose,
      asked: "host-ak",
    });
  checkSubject(hostRegistration, document.log, "host");
  checkKeys(layer.keys, hostRegistration);
  checkTimes(hostRegistration, at);
  checkReportData(claims, layer);
  const statement = readEvidenceJson(openStatement(layer), keyStatementSchema, "layer 1");
  if (statement.measurement !== replayed.measurement || statement.launch !== replayed.launch)
    refuse("layer 1 speaks of another Cryptlet");
  if (statement.reportData !== reportData(registration, keys, epoch))
    refuse("layer 1 speaks of other keys or another registration");
  if (at < statement.notBefore || at > statement.notAfter)
    throw fabricError("EVIDENCE_EXPIRED", {
      notBefore: statement.notBefore,
      notAfter: statement.notAfter,
      at,
    });
  const periods = [registration, hostRegistration, statement];
  return {
    ...replayed,
    layer: "host-key",
    hostMeasured: isMeasured(claims, replayed.host, replayed.hostLaunch),
    registration,
    keys,
    evidenceId: digestOf(
      new TextEncoder().encode(`${claims.evidenceId} ${envelopeDigest(layer.statement)}`),
    ),
    notBefore: Math.max(...periods.map(({ notBefore }) => notBefore)),
    notAfter: Math.min(...periods.map(({ notAfter }) => notAfter)),
  };
};

const openStatement = ({ keys, statement }: NonNullable<EvidenceDocument["host"]>): Uint8Array => {
  try {
    const options = { threshold: 1, payloadType: KEY_STATEMENT_TYPE };
    return verifyEnvelope(statement, { ring: createKeyRing(keys), ...options }).payload;
  } catch (error) {
    if (!isFabricError(error)) throw error;
    throw fabricError(
      "EVIDENCE_INVALID",
      { reason: `layer 1: ${error.message}` },
      { cause: error },
    );
  }
};

/**
 * Bind a document to what its quote proved: report data <-> registration <-> keys <-> log <-> register, and the host's
 * layers where there are two. `claims` must be of exactly the document's quote, verified before; whose measurement,
 * signer or platform is acceptable is for the policy.
 * Throws `EVIDENCE_INVALID`, `EVIDENCE_EXPIRED`, `EVIDENCE_PURPOSE_WRONG`, `EVIDENCE_NONCE_WRONG`.
 * @example
 * ```ts
 * const document = parseEvidenceDocument(evidence);
 * const claims = verifyDcapQuote(quoteBytes(document), { collateral, anchors, at });
 * const bound = bindEvidence(document, claims, { purpose: "register", at });
 * ```
 */
export const bindEvidence = (
  document: EvidenceDocument,
  claims: EvidenceClaims,
  options: BindOptions,
): BoundEvidence => {
  const { registration, keys, log, host } = document;
  if (claims.tee !== document.tee) refuse(`its quote is of ${claims.tee}, not of ${document.tee}`);
  const replayed = replayMeasurementLog(log);
  checkAsked(registration, options);
  checkSubject(registration, log, replayed.subject);
  checkKeys(keys, registration);
  checkTimes(registration, options.at);
  return host === null
    ? bindDirect(document, claims, replayed)
    : bindByHost(document, host, { claims, replayed, at: options.at });
};
