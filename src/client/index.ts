// What a dapp's backend imports to read a fabric over HTTP and to check what it reads.
export { createFabricClient, type CallOptions, type FabricClient } from "./fabric-client.ts";
export type { FeedAnswer, HealthAnswer, LivenessAnswer, RoundAnswer } from "./answers.ts";
export { createSimulatedAppraiser } from "../attestation/appraise-simulated.ts";
export { simulatedPolicySchema, type SimulatedPolicy } from "../attestation/simulated-policy.ts";
export {
  appraisalPolicySchema,
  type AppraisalPolicy,
  type AppraisalPolicyInput,
} from "../attestation/appraisal-policy.ts";
export { verifyBundle, type VerifyBundleOptions } from "../envelope/verify-bundle.ts";
export { trustPolicySchema, type TrustPolicy } from "../envelope/trust-policy.ts";
export type { VerificationReport, VerificationStep } from "../envelope/verification-report.ts";
export { exitCodeOf, isFabricError, type FabricError } from "../core/errors/fabric-error.ts";
export type { ErrorCode } from "../core/errors/catalogue.ts";
