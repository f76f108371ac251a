import type { ErrorEntry } from "../arguments.ts";

/** Evidence of Nitro and SEV-SNP, and what an appraisal policy refuses. */
export const appraisalErrors = {
  EVIDENCE_KIND_UNKNOWN: {
    kind: "verification",
    message: "The {size} bytes are no evidence of a kind that is read here",
    hint: "SGX and TDX quotes, Nitro documents, SEV-SNP reports, evidence documents and bundles are read.",
    exit: 13,
  },
  EVIDENCE_MALFORMED: {
    kind: "verification",
    message: "This is not {what}: {reason}",
    hint: "It was changed, cut off or made by something else; ask for it again.",
    exit: 13,
  },
  EVIDENCE_SIGNATURE_WRONG: {
    kind: "verification",
    message: "The signature of {what} does not hold",
    hint: "The evidence was changed after the TEE signed it, or another key signed it.",
    exit: 13,
  },
  EVIDENCE_KEY_MISMATCH: {
    kind: "verification",
    message: "The key's certificate is not of this report: {reason}",
    hint: "Fetch the certificate for exactly this chip and these TCB versions.",
    exit: 13,
  },
  EVIDENCE_DEBUG: {
    kind: "verification",
    message: "A debugger may read everything in this {tee} environment",
    hint: "Start the workload without debug mode. Only a policy for development sets allowDebug.",
    exit: 13,
  },
  COLLATERAL_UNAVAILABLE: {
    kind: "unavailable",
    message: "{source} gave no collateral: {reason}",
    hint: "Check network and address, or give collateral that was fetched before.",
  },
  TEE_REFUSED: {
    kind: "verification",
    message: "The policy {policy} takes no evidence of {tee}",
    hint: "Add the kind to tees of the policy if you mean to trust its vendor.",
    exit: 13,
  },
  TCB_REVOKED: {
    kind: "verification",
    message: "The platform's TCB level is revoked",
    hint: "Its keys must be held for known to attackers. No policy accepts that.",
    exit: 13,
  },
  TCB_REFUSED: {
    kind: "verification",
    message: "The policy {policy} does not accept the platform's TCB: {reason}",
    hint: "Update microcode, firmware and configuration of the platform, then make new evidence.",
    exit: 13,
  },
  ADVISORY_REFUSED: {
    kind: "verification",
    message: "The policy {policy} denies {advisory}, which this platform has open",
    hint: "Update the platform as the advisory says, then make new evidence.",
    exit: 13,
  },
  WORKLOAD_REFUSED: {
    kind: "verification",
    message: "The policy {policy} knows the measurement but not with this {field}: {actual}",
    hint: "Compare publisher, product, version and configuration with what you expected.",
    exit: 13,
  },
  PLATFORM_REFUSED: {
    kind: "verification",
    message: "The policy {policy} does not take the platform {platform}",
    hint: "Look at platforms.allow and platforms.deny of the policy.",
    exit: 13,
  },
  EVIDENCE_NOT_FRESH: {
    kind: "verification",
    message: "The policy {policy} asks for fresh evidence: {reason}",
    hint: "Draw a nonce, ask for new evidence and give both to the verifier.",
    exit: 13,
  },
  QUORUM_NOT_MET: {
    kind: "verification",
    message: "The policy {policy} asks for {asked}; {passed} passed",
    hint: "Collect evidence from more platforms.",
    exit: 13,
  },
} as const satisfies Record<string, ErrorEntry>;
