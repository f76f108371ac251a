import { z } from "zod";
import { fabricError, isFabricError } from "../core/errors/fabric-error.ts";
import type { Digest } from "../core/ids.ts";
import type { KeyRecord } from "../crypto/key-record.ts";
import type { Appraisal, AppraisalRequest, EvidenceAppraiser } from "../envelope/appraiser.ts";
import type { Evidence } from "../envelope/bundle.ts";
import { verifyEnvelope } from "../envelope/dsse-verify.ts";
import { createKeyRing } from "../envelope/key-ring.ts";
import { envelopeDigest } from "../envelope/signed-observation.ts";
import {
  simulatedPolicySchema,
  type SimulatedPolicy,
  type SimulatedPolicyInput,
} from "./simulated-policy.ts";
import { replayMeasurementLog } from "./measurement-log.ts";
import { keysetRoot, reportData } from "./report-data.ts";
import {
  openEvidence,
  parseSimulatedStatement,
  SIMULATED_EVIDENCE_TYPE,
  type SimulatedStatement,
} from "./simulated-evidence.ts";

/** Attestation result (RFC 9334) for simulated evidence. It is never better than a warning. */
export interface SimulatedResult {
  readonly status: "warning";
  readonly simulated: true;
  readonly policy: string;
  /** Digest of the evidence's signed part. */
  readonly evidenceId: Digest;
  readonly cryptlet: SimulatedStatement["cryptlet"];
  readonly launch: string;
  readonly keys: readonly KeyRecord[];
  readonly debug: boolean;
  /** ms since epoch. */
  readonly notAfter: number;
}

/**
 * Appraise simulated evidence under a policy, at a time (ms since epoch).
 * Throws `CONFIG_INVALID` for the policy itself, `EVIDENCE_SIMULATED` (the default), `EVIDENCE_INVALID`, `EVIDENCE_ANCHOR_UNKNOWN`, `EVIDENCE_EXPIRED`,
 * `MEASUREMENT_REFUSED`.
 * @example
 * ```ts
 * const result = appraiseSimulated(evidence, { id: "dev", allowSimulated: true, anchors, measurements }, Date.now());
 * ```
 */
export const appraiseSimulated = (
  evidence: Evidence,
  policyInput: SimulatedPolicyInput,
  at: number,
): SimulatedResult => {
  const policy = parsePolicy(policyInput);
  if (!policy.allowSimulated) throw fabricError("EVIDENCE_SIMULATED", { policy: policy.id });
  const envelope = openEvidence(evidence);
  const statement = parseSimulatedStatement(verifyByAnchor(envelope, policy));
  checkInside(statement);
  checkPolicy(statement, policy, at);
  return {
    status: "warning",
    simulated: true,
    policy: policy.id,
    evidenceId: envelopeDigest(envelope),
    cryptlet: statement.cryptlet,
    launch: statement.launch,
    keys: statement.keys,
    debug: statement.platform.debug,
    notAfter: statement.registration.notAfter,
  };
};

const parsePolicy = (input: SimulatedPolicyInput): SimulatedPolicy => {
  const parsed = simulatedPolicySchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  throw fabricError("CONFIG_INVALID", {
    count: issues.length,
    faults: z.prettifyError(parsed.error),
  });
};

const verifyByAnchor = (
  envelope: ReturnType<typeof openEvidence>,
  policy: SimulatedPolicy,
): Uint8Array => {
  const ring = createKeyRing(policy.anchors.map(({ key }) => key));
  try {
    return verifyEnvelope(envelope, { ring, threshold: 1, payloadType: SIMULATED_EVIDENCE_TYPE })
      .payload;
  } catch (error) {
    if (isFabricError(error, "SIGNER_NOT_TRUSTED"))
      throw fabricError("EVIDENCE_ANCHOR_UNKNOWN", {
        policy: policy.id,
        key: envelope.signatures[0]?.keyid ?? "none",
      });
    if (!isFabricError(error)) throw error;
    throw fabricError("EVIDENCE_INVALID", { reason: error.message }, { cause: error });
  }
};

const refuse = (reason: string): never => {
  throw fabricError("EVIDENCE_INVALID", { reason });
};

/** Whatever the statement says twice must be said alike: a verifier that read one of the two would be misled. */
const checkInside = (statement: SimulatedStatement): void => {
  const { measurement, launch } = replayMeasurementLog(statement.log);
  if (measurement !== statement.cryptlet.measurement || launch !== statement.launch)
    refuse("the measurement is not what the log gives");
  checkKeys(statement);
  if (keysetRoot(statement.keys) !== statement.registration.keysetRoot)
    refuse("the keyset root is not of these keys");
  if (statement.registration.cryptlet !== statement.cryptlet.id)
    refuse("the registration names another Cryptlet");
  const manifest = statement.log.find(({ type }) => type === "manifest")?.content;
  if (manifest !== JSON.stringify({ manifest: statement.registration.manifestDigest }))
    refuse("the registration names another manifest");
  if (reportData(statement.registration, statement.keys, statement.epoch) !== statement.reportData)
    refuse("reportData is not of this registration");
};

const checkKeys = ({ keys }: SimulatedStatement): void => {
  try {
    createKeyRing(keys);
  } catch (error) {
    refuse(error instanceof Error ? error.message : "a key is not valid");
  }
};

const checkPolicy = (statement: SimulatedStatement, policy: SimulatedPolicy, at: number): void => {
  const { notBefore, notAfter } = statement.registration;
  if (at < notBefore || at > notAfter)
    throw fabricError("EVIDENCE_EXPIRED", { notBefore, notAfter, at });
  if (statement.platform.debug && !policy.allowDebug)
    throw fabricError("EVIDENCE_INVALID", { reason: "a debugger may watch the platform" });
  const { measurement } = statement.cryptlet;
  if (!policy.measurements.includes(measurement))
    throw fabricError("MEASUREMENT_REFUSED", { policy: policy.id, measurement });
};

/** The envelope verifier's appraiser for simulated evidence: the first piece that the policy accepts. */
export const createSimulatedAppraiser =
  (policy: SimulatedPolicyInput): EvidenceAppraiser =>
  (request) => {
    let refusal: Appraisal = {
      ok: false,
      code: "EVIDENCE_INVALID",
      detail: "there is no simulated evidence",
    };
    for (const evidence of request.evidence) {
      const appraisal = appraiseOne(evidence, policy, request);
      if (appraisal.ok) return appraisal;
      refusal = appraisal;
    }
    return refusal;
  };

const appraiseOne = (
  evidence: Evidence,
  policy: SimulatedPolicyInput,
  request: AppraisalRequest,
): Appraisal => {
  try {
    const result = appraiseSimulated(evidence, policy, request.at);
    return {
      ok: true,
      simulated: true,
      measurement: result.cryptlet.measurement,
      keyids: result.keys.map(({ keyid }) => keyid),
      policy: result.policy,
      detail: `SIMULATED, no hardware root; evidence ${result.evidenceId}`,
    };
  } catch (error) {
    if (!isFabricError(error)) throw error;
    return { ok: false, code: error.code, detail: error.message };
  }
};
