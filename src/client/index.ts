// What a dapp's backend imports to read a fabric over HTTP and to check what it reads.
export {
  createFabricClient,
  type EmbeddedFabric,
  type FabricClient,
  type FabricClientOptions,
} from "./fabric-client.ts";
export type { RequestedRound, RequestOptions } from "./request-round.ts";
export type { RoundEvent, Subscription } from "./subscription.ts";
export type { SubscribeOptions, SubscriptionClient } from "./subscription-client.ts";
export type { SubscriptionAnswer } from "./subscription-answers.ts";
export type { StartFrom } from "./start-of.ts";
export { verifyWebhook, type VerifyWebhookOptions, type WebhookEvent } from "./verify-webhook.ts";
export type { WebhookClient } from "./webhook-client.ts";
export type { WebhookAnswer, WebhookCallAnswer, WebhookSecretAnswer } from "./webhook-answers.ts";
export type { CallOptions } from "./call-options.ts";
export type { DeadLetterClient } from "./dead-letter-client.ts";
export type { DeliveryClient, DeliveryQuery } from "./delivery-client.ts";
export type {
  DeadLetterAnswer,
  DeliveryAnswer,
  DeliveryDetailAnswer,
  FeedAnswer,
  HealthAnswer,
  LivenessAnswer,
  RoundAnswer,
  RoundReceiptAnswer,
} from "./answers.ts";
export type { EnvelopeClient, VerifyOptions } from "./envelope-client.ts";
export { encodePythUpdate } from "./encode-pyth-update.ts";
export { packPythUpdate } from "./pack-pyth-update.ts";
export type { FeedSigners } from "./pack-report.ts";
export {
  createEvidenceAppraiser,
  type AppraiserOptions,
} from "../attestation/evidence-appraiser.ts";
export {
  createCollateralMemory,
  type CollateralMemory,
} from "../attestation/dcap/collateral-memory.ts";
export { HARDWARE_ANCHORS } from "../attestation/hardware-anchors.ts";
export { createSimulatedAnchor, type SimulatedRoot } from "../attestation/simulated-anchor.ts";
export type { TrustAnchor, TrustAnchors } from "../attestation/trust-anchors.ts";
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
