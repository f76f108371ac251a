import { type FabricError, fabricError } from "../core/errors/fabric-error.ts";
import { digestHex } from "../core/ids.ts";
import type { AppraisalPolicy, ReferenceValues } from "./appraisal-policy.ts";
import type { EvidenceClaims } from "./evidence-claims.ts";
import { SNP_TCB_PARTS } from "./sev-snp/snp-tcb.ts";
import type { VerifiedEvidence } from "./verify-evidence.ts";

/** How far the time that evidence binds may lie ahead of the verifier's, ms. */
const CLOCK_SKEW_MS = 300_000;
/** Shortest nonce that counts as one: 16 bytes in hex. */
const MIN_NONCE_HEX = 32;

const isZero = (hex: string): boolean => /^0*$/.test(hex);

/**
 * Whether a list of a policy names something. Vendors write FMSPCs and advisories in either case; an entry of a list of
 * what is denied must not miss for that.
 */
export const isListed = (list: readonly string[], name: string): boolean =>
  list.some((entry) => entry.toLowerCase() === name.toLowerCase());

/** What stands in the way of the kind and the platform. */
export const checkPlatform = (
  { tee, platform }: EvidenceClaims,
  policy: AppraisalPolicy,
): readonly FabricError[] => {
  const { allow, deny } = policy.platforms;
  const refused = isListed(deny, platform) || (allow !== undefined && !isListed(allow, platform));
  return [
    ...(policy.tees.includes(tee) ? [] : [fabricError("TEE_REFUSED", { policy: policy.id, tee })]),
    ...(refused ? [fabricError("PLATFORM_REFUSED", { policy: policy.id, platform })] : []),
  ];
};

const snpFaults = ({ snpTcb }: VerifiedEvidence, { tcb }: AppraisalPolicy): readonly string[] => {
  if (snpTcb === null || tcb.sevSnp === undefined) return [];
  const least = tcb.sevSnp;
  return SNP_TCB_PARTS.filter((part) => snpTcb[part] < least[part]).map(
    (part) => `${part} is ${snpTcb[part]}, at least ${least[part]} is asked for`,
  );
};

/** What stands in the way of the TCB, beside a revoked level, which no policy can take. */
export const checkTcb = (
  verified: VerifiedEvidence,
  policy: AppraisalPolicy,
): readonly FabricError[] => {
  const { status, advisories, evaluationNumber } = verified.claims.tcb;
  const { accept, denyAdvisories, minTcbEval } = policy.tcb;
  const isIntel = verified.claims.tee === "sgx" || verified.claims.tee === "tdx";
  const faults = [...snpFaults(verified, policy)];
  // Kinds of other vendors have neither word nor number; Intel's without one are refused.
  if (isIntel && !accept.some((accepted) => accepted === status))
    faults.push(`its status is ${status ?? "unknown"}`);
  if (isIntel && (evaluationNumber ?? -1) < minTcbEval)
    faults.push(`it was judged by TCB data ${evaluationNumber ?? "none"}, not ${minTcbEval}`);
  return [
    ...faults.map((reason) => fabricError("TCB_REFUSED", { policy: policy.id, reason })),
    ...advisories
      .filter((advisory) => isListed(denyAdvisories, advisory))
      .map((advisory) => fabricError("ADVISORY_REFUSED", { policy: policy.id, advisory })),
  ];
};

type Registers = Readonly<Record<string, string>>;

/** Registers of the evidence, and of its document the Cryptlet's, the host's and the whole log's measurement. */
const registersOf = ({ claims, bound }: VerifiedEvidence): Registers => ({
  ...claims.registers,
  ...(bound && {
    cryptlet: digestHex(bound.measurement),
    host: digestHex(bound.host),
    launch: digestHex(bound.launch),
  }),
});

/**
 * Every measurement that must be accepted. For SGX it is one. A document of another kind binds the Cryptlet's through
 * software that the quote measures, so that this software, and a host that vouches, must be accepted as well.
 */
const measurementsOf = ({ claims, bound }: VerifiedEvidence): readonly string[] => {
  if (bound === null) return [claims.measurement];
  const all = [digestHex(bound.measurement), claims.measurement];
  if (bound.layer === "host-key" && bound.hostMeasured) all.push(digestHex(bound.host));
  return [...new Set(all)];
};

/**
 * Whether an entry accepts a measurement. A map accepts only what one of its registers holds, so that a map of less than
 * the code accepts no code; the register over a document's whole log holds the Cryptlet and its host.
 */
const isMeasured = (
  { measurements }: ReferenceValues,
  measurement: string,
  { claims, registers }: { readonly claims: EvidenceClaims; readonly registers: Registers },
): boolean => {
  if (isZero(measurement)) return false;
  if (Array.isArray(measurements)) return measurements.includes(measurement);
  const entries = Object.entries(measurements);
  const covers =
    entries.some(([, value]) => value === measurement) ||
    (measurement !== claims.measurement && Object.hasOwn(measurements, "launch"));
  return (
    covers &&
    entries.every(
      ([name, value]) =>
        Object.hasOwn(registers, name) && registers[name] === value && !isZero(value),
    )
  );
};

/** The first field beside the measurement that does not hold; null when all do. */
const otherField = (
  { signer, prodId, minSvn, configId }: ReferenceValues,
  claims: EvidenceClaims,
  /** Hex; what a document binds, or else the quote's own register. */
  configuration: string | null,
): { readonly field: string; readonly actual: string | number } | null => {
  if (signer !== undefined && claims.signer !== signer)
    return { field: "signer", actual: claims.signer ?? "none" };
  if (prodId !== undefined && claims.prodId !== prodId)
    return { field: "prodId", actual: claims.prodId ?? "none" };
  if (minSvn > 0 && (claims.svn ?? -1) < minSvn)
    return { field: "svn", actual: claims.svn ?? "none" };
  if (configId !== undefined && configuration !== configId.padEnd(configuration?.length ?? 0, "0"))
    return { field: "configId", actual: configuration ?? "none" };
  return null;
};

/** What stands in the way of the workload, and whether its configuration was among what the policy approved. */
export const checkWorkload = (
  verified: VerifiedEvidence,
  policy: AppraisalPolicy,
): { readonly refusals: readonly FabricError[]; readonly configurationApproved: boolean } => {
  const { claims, bound } = verified;
  const configuration = bound ? digestHex(bound.registration.configId) : claims.configId;
  const held = { claims, registers: registersOf(verified) };
  const refusals: FabricError[] = [];
  let configurationApproved = false;
  for (const measurement of measurementsOf(verified)) {
    const known = policy.anyOf.filter((entry) => isMeasured(entry, measurement, held));
    const accepted = known.find((entry) => otherField(entry, claims, configuration) === null);
    if (accepted) configurationApproved ||= accepted.configId !== undefined;
    const [first] = known;
    const wrong = !accepted && first ? otherField(first, claims, configuration) : null;
    if (wrong) refusals.push(fabricError("WORKLOAD_REFUSED", { policy: policy.id, ...wrong }));
    else if (!accepted)
      refusals.push(fabricError("MEASUREMENT_REFUSED", { policy: policy.id, measurement }));
  }
  return { refusals, configurationApproved };
};

/** True when the evidence binds exactly this nonce. What is too short or all zeros is no nonce and never bound. */
export const bindsNonce = ({ nonces }: VerifiedEvidence, nonce: string): boolean =>
  nonce.length >= MIN_NONCE_HEX &&
  !isZero(nonce) &&
  nonces.some((bound) => bound.length >= nonce.length && nonce.padEnd(bound.length, "0") === bound);

/** What stands in the way of freshness. A nonce that is given must be bound whatever the policy says. */
export const checkFreshness = (
  verified: VerifiedEvidence,
  policy: AppraisalPolicy,
  { at, nonce }: { readonly at: number; readonly nonce: string | null },
): readonly FabricError[] => {
  const { freshness } = policy;
  if (freshness === null) return [];
  const refuse = (reason: string) => [
    fabricError("EVIDENCE_NOT_FRESH", { policy: policy.id, reason }),
  ];
  if (freshness.mode === "nonce" && nonce === null) return refuse("no nonce was given");
  const { issuedAt } = verified;
  if (issuedAt === null)
    return freshness.mode === "nonce" ? [] : refuse("this kind of evidence binds no time");
  if (issuedAt > at + CLOCK_SKEW_MS) return refuse("it is of the future");
  const age = Math.max(0, Math.round((at - issuedAt) / 1_000));
  if (age > freshness.maxAgeSec)
    return refuse(`it is ${age} s old, at most ${freshness.maxAgeSec} s is asked for`);
  return [];
};
