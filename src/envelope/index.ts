// The offline verifier and the formats that it reads: no network, no file, no clock of its own.
export {
  parseBundle,
  serializeBundle,
  type Bundle,
  type Evidence,
  type Receipt,
} from "./bundle.ts";
export { verifyBundle, type VerifyBundleOptions } from "./verify-bundle.ts";
export type { VerificationReport, VerificationStep } from "./verification-report.ts";
export { trustPolicySchema, type TrustedKey, type TrustPolicy } from "./trust-policy.ts";
export type { Appraisal, AppraisalRequest, EvidenceAppraiser } from "./appraiser.ts";
export {
  parseEnvelope,
  payloadBytes,
  preAuthEncoding,
  serializeEnvelope,
  type DsseEnvelope,
} from "./dsse.ts";
export { verifyEnvelope, type VerifiedEnvelope } from "./dsse-verify.ts";
export { createKeyRing, type KeyRing } from "./key-ring.ts";
export type { KeyRecord } from "../crypto/key-record.ts";
export {
  OBSERVATION_SOLABI_TYPE,
  OBSERVATION_TYPE,
  observationSchema,
  type Observation,
} from "./observation.ts";
export { parseObservation } from "./observation-json.ts";
export { decodeOnchainObservation, type OnchainObservation } from "./observation-solabi.ts";
export { runReceiptDigest, runReceiptSchema, type RunReceipt } from "./run-receipt.ts";
export { envelopeDigest } from "./signed-observation.ts";
export { computeFeedHash } from "./feed-hash.ts";
