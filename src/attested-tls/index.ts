// Edge of the package: `cryptlet-fabric/attested-tls`. Node only.

export {
  createCollateralMemory,
  type CollateralMemory,
} from "../attestation/dcap/collateral-memory.ts";
export { HARDWARE_ANCHORS } from "../attestation/hardware-anchors.ts";
export { createPolicyWorkloadAppraiser } from "../attestation/policy-workload-appraiser.ts";
export type { Attester, AttestationRequest, TimedEvidence } from "../attestation/attester.ts";
export type { TrustAnchor, TrustAnchors } from "../attestation/trust-anchors.ts";
export type { AppraisedWorkload, WorkloadAppraiser } from "../attestation/workload-appraiser.ts";
export { systemClock } from "../core/clock.ts";
export { createAttestedFetch, type AttestedFetch } from "./create-attested-fetch.ts";
export { createAttestedAgent, type AttestedAgentOptions } from "./create-attested-agent.ts";
export { createAttestedIdentity, type AttestedIdentity } from "./attested-identity.ts";
export type { AttestedPeer, PeerRules } from "./check-peer.ts";
export {
  connectAttested,
  type AttestedConnection,
  type ConnectOptions,
} from "./connect-attested.ts";
export {
  attestedTlsOptions,
  createAttestedServer,
  type AttestedServer,
  type AttestedServerOptions,
} from "./create-attested-server.ts";
export {
  startAttestedHttp,
  type AttestedHttp,
  type AttestedHttpOptions,
} from "./start-attested-http.ts";
