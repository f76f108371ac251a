import {
  TRUST_CLAIMS,
  type TrustClaim,
  type TrustTier,
  type TrustVector,
} from "./attestation-result.ts";
import type { EvidenceClaims } from "./evidence-claims.ts";

/** Values of draft-ietf-rats-ar4si-09 section 2.3.4 that are given here. */
const AR4SI = {
  none: 0,
  approved: 2,
  /** executables: genuine and approved at boot. configuration: exposes no known vulnerabilities. */
  approvedAtBoot: 3,
  known: 3,
  warning: 32,
  unrecognisedCode: 33,
  unavailable: 36,
  contraindicated: 96,
  unrecognised: 97,
  cryptographyFailed: 99,
} as const;

/** Tier of a value (section 2.3.2). */
export const tierOf = (value: number): TrustTier => {
  if (value >= -1 && value <= 1) return "none";
  if (value >= 96 || value <= -97) return "contraindicated";
  return value >= 32 || value <= -33 ? "warning" : "affirming";
};

/** What appraisal found, as far as the vector tells it. */
export interface VectorFacts {
  readonly claims: EvidenceClaims;
  readonly simulatedAllowed: boolean;
  /** Null: no policy, so nobody compared. */
  readonly workload: "approved" | "refused" | null;
  readonly configuration: "approved" | null;
  /** Whether the policy names this platform; null where it names none. */
  readonly platform: "recognised" | "refused" | null;
  /** The policy refuses the TCB, or it is revoked. */
  readonly tcbRefused: boolean;
  /** Something weakens what is known about the hardware. */
  readonly hardwareWarning: boolean;
}

const fill = (value: (claim: TrustClaim) => number): TrustVector => {
  const vector: Partial<Record<TrustClaim, number>> = {};
  for (const claim of TRUST_CLAIMS) vector[claim] = value(claim);
  return vector as TrustVector;
};

/** Claims that no kind of evidence here says anything about. */
const SILENT: ReadonlySet<TrustClaim> = new Set(["file-system", "storage-opaque", "sourced-data"]);

/** Vector of evidence that is not authentic. */
export const failedVector: TrustVector = fill((claim) =>
  SILENT.has(claim) ? AR4SI.none : AR4SI.cryptographyFailed,
);

const executables = ({ workload, claims }: VectorFacts): number => {
  if (workload === null) return AR4SI.unrecognisedCode;
  if (workload === "refused") return AR4SI.contraindicated;
  // A virtual machine is measured at its launch; an enclave has nothing else.
  return claims.tee === "sgx" ? AR4SI.approved : AR4SI.approvedAtBoot;
};

const configuration = ({ claims, configuration: approved }: VectorFacts): number => {
  if (claims.debug) return AR4SI.contraindicated;
  const { status } = claims.tcb;
  if (status?.includes("Configuration")) return AR4SI.warning;
  if (approved) return AR4SI.approved;
  return status === null ? AR4SI.unavailable : AR4SI.known;
};

const hardware = (facts: VectorFacts): number => {
  const { claims, tcbRefused, simulatedAllowed, hardwareWarning } = facts;
  if (claims.simulated) return simulatedAllowed ? AR4SI.warning : AR4SI.unrecognised;
  if (tcbRefused) return AR4SI.contraindicated;
  const { status } = claims.tcb;
  const patched = status === null || status === "UpToDate";
  return patched && !hardwareWarning ? AR4SI.approved : AR4SI.warning;
};

const runtimeOpaque = ({ claims }: VectorFacts): number => {
  if (claims.debug) return AR4SI.contraindicated;
  // Nitro keeps other guests out; that its memory is encrypted against who runs the machine is not attested.
  return claims.tee === "nitro" ? AR4SI.warning : AR4SI.approved;
};

const identity = ({ platform, claims: { tee, simulated } }: VectorFacts): number => {
  if (platform === "refused") return AR4SI.contraindicated;
  // FMSPC names a model of processors, not an instance; a simulator's names are whatever its owner wants.
  const namesInstance = (tee === "nitro" || tee === "sev-snp") && !simulated;
  return platform === "recognised" && namesInstance ? AR4SI.approved : AR4SI.none;
};

/**
 * AR4SI vector of authentic evidence. Under a simulated anchor nothing is better than a warning: who operates the
 * machine can read and change everything.
 */
export const trustVectorOf = (facts: VectorFacts): TrustVector => {
  const values: Partial<Record<TrustClaim, number>> = {
    "instance-identity": identity(facts),
    configuration: configuration(facts),
    executables: executables(facts),
    hardware: hardware(facts),
    "runtime-opaque": runtimeOpaque(facts),
  };
  return fill((claim) => {
    const value = values[claim] ?? AR4SI.none;
    return facts.claims.simulated && tierOf(value) === "affirming" ? AR4SI.warning : value;
  });
};
