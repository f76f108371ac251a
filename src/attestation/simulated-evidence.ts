import { z } from "zod";
import { fabricError } from "../core/errors/fabric-error.ts";
import { cryptletIdSchema, digestSchema, type Digest } from "../core/ids.ts";
import { decodeBase64, encodeBase64 } from "../crypto/base64.ts";
import { keyRecordSchema, type SigningKey } from "../crypto/key-record.ts";
import type { Evidence } from "../envelope/bundle.ts";
import { canonicalJson } from "../envelope/canonical-json.ts";
import { parseEnvelope, payloadBytes, type DsseEnvelope } from "../envelope/dsse.ts";
import { signEnvelope } from "../envelope/dsse-sign.ts";
import { envelopeDigest } from "../envelope/signed-observation.ts";
import { parseStrictJson } from "../envelope/strict-json.ts";
import { measurementLogSchema } from "./measurement-log.ts";
import { registrationSchema } from "./report-data.ts";

/** Media type of simulated evidence and DSSE payload type of its statement. */
export const SIMULATED_EVIDENCE_TYPE = "application/vnd.cryptlet.evidence.simulated.v1+json";
/** 16 bytes where a quote names its vendor. */
export const SIMULATED_VENDOR = "SIMULATOR-NO-HW!";
/** Begins with "SIM" in ASCII. */
export const SIMULATED_FMSPC = "53494d000000";
const WARNING = "SIMULATED: NO HARDWARE ROOT. Whoever operates the host can read the keys.";
const MAX_EVIDENCE_BYTES = 262_144;

/** What the platform key of a simulator says about one loaded Cryptlet. */
export const simulatedStatementSchema = z.strictObject({
  format: z.literal("simulated-v1"),
  simulated: z.literal(true),
  warning: z.literal(WARNING),
  platform: z.strictObject({
    vendor: z.literal(SIMULATED_VENDOR),
    fmspc: z.literal(SIMULATED_FMSPC),
    keyid: digestSchema,
    /** An inspector was open, or options that can open one were set. */
    debug: z.boolean(),
  }),
  cryptlet: z.strictObject({
    id: cryptletIdSchema,
    version: z.string().max(64),
    measurement: digestSchema,
  }),
  log: measurementLogSchema,
  /** `sha384:` register over the whole log. */
  launch: z.string().regex(/^sha384:[0-9a-f]{96}$/),
  keys: z.array(keyRecordSchema).min(1).max(8),
  registration: registrationSchema,
  epoch: z.int().min(0).max(0xffff_ffff),
  /** @see reportData */
  reportData: z.string().regex(/^[0-9a-f]{128}$/),
});
/** @see simulatedStatementSchema */
export type SimulatedStatement = z.infer<typeof simulatedStatementSchema>;

/** Sign a statement with the simulator's platform key. The body is a DSSE envelope. */
export const signSimulatedEvidence = (
  statement: Omit<SimulatedStatement, "format" | "simulated" | "warning">,
  platformKey: SigningKey,
): Evidence => {
  const whole: SimulatedStatement = {
    format: "simulated-v1",
    simulated: true,
    warning: WARNING,
    ...statement,
  };
  const payload = new TextEncoder().encode(canonicalJson(whole));
  const envelope = signEnvelope(SIMULATED_EVIDENCE_TYPE, payload, [platformKey]);
  return {
    type: SIMULATED_EVIDENCE_TYPE,
    body: encodeBase64(new TextEncoder().encode(canonicalJson(envelope))),
  };
};

/** The signed envelope inside evidence. Nothing is verified yet. Throws `EVIDENCE_INVALID`. */
export const openEvidence = (evidence: Evidence): DsseEnvelope => {
  if (evidence.type !== SIMULATED_EVIDENCE_TYPE)
    throw fabricError("EVIDENCE_INVALID", { reason: `its type is ${evidence.type.slice(0, 80)}` });
  try {
    return parseEnvelope(decodeBase64(evidence.body, "evidence"));
  } catch (error) {
    throw fabricError("EVIDENCE_INVALID", { reason: "its body is no envelope" }, { cause: error });
  }
};

/** Read a statement. Throws `EVIDENCE_INVALID`. */
export const parseSimulatedStatement = (payload: Uint8Array): SimulatedStatement => {
  const json = readJson(payload);
  const parsed = simulatedStatementSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw fabricError("EVIDENCE_INVALID", { reason: z.prettifyError(parsed.error).slice(0, 500) });
};

const readJson = (payload: Uint8Array): unknown => {
  try {
    return parseStrictJson(payload, { limit: MAX_EVIDENCE_BYTES, what: "the evidence" });
  } catch (error) {
    throw fabricError("EVIDENCE_INVALID", { reason: "it is not JSON" }, { cause: error });
  }
};

/** Id of evidence: digest of its signed part, so that signatures added to it change nothing. Throws `EVIDENCE_INVALID`. */
export const evidenceId = (evidence: Evidence): Digest => envelopeDigest(openEvidence(evidence));

/** For people and tools that only want to look: what the evidence says, not verified. Throws `EVIDENCE_INVALID`. */
export const describeEvidence = (evidence: Evidence): SimulatedStatement =>
  parseSimulatedStatement(payloadBytes(openEvidence(evidence)));
